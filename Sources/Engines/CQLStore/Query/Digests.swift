// The ids that prepared statements and their results go by.

import CHash
import CQLProtocol

enum Digests {
    static func md5(_ bytes: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 16)
        chash_md5(bytes, bytes.count, &out)
        return out
    }

    /// As Cassandra's: the MD5 of keyspace and text, so that it is the same after a restart.
    static func statementID(_ text: String, keyspace: String?) -> [UInt8] {
        md5(Array(((keyspace ?? "") + text).utf8))
    }

    static func metadataID(_ columns: [CQLColumn]) -> [UInt8] {
        var text = ""
        for column in columns {
            text +=
                "\(column.keyspace)\u{0}\(column.table)\u{0}\(column.name)\u{0}\(column.type)\u{0}"
        }
        return md5(Array(text.utf8))
    }
}
