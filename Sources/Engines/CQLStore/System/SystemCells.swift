// Values as the cells of a system table's row.

import CQLProtocol
import MillraceBase

enum SystemCells {
    static func text(_ value: String) -> [UInt8] { Array(value.utf8) }
    static func boolean(_ value: Bool) -> [UInt8] { [value ? 1 : 0] }
    static func int(_ value: Int) -> [UInt8] { Int32(clamping: value).bigBytes }
    static func bigint(_ value: Int) -> [UInt8] { Int64(value).bigBytes }
    static func double(_ value: Double) -> [UInt8] { value.bitPattern.bigBytes }

    static func textMap(_ map: [String: String]) -> [UInt8] {
        CollectionBuilder.bytes(
            of: map.flatMap { [text($0.key), text($0.value)] }, type: .map(.text, .text))
    }
}
