// The notations of the specification's section 3, written to a buffer.

package import NIOCore

extension ByteBuffer {
    /// `[string]`. A text above 65,535 bytes is cut at a character: only names and error texts are
    /// written in this notation.
    package mutating func writeCQLString(_ text: String) {
        guard text.utf8.count > Int(UInt16.max) else {
            writeInteger(UInt16(text.utf8.count))
            writeString(text)
            return
        }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: Int(UInt16.max) - 3)
        while end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        writeCQLString(String(text[..<end]))
    }

    /// `[long string]`
    package mutating func writeCQLLongString(_ text: String) {
        writeInteger(Int32(text.utf8.count))
        writeString(text)
    }

    /// `[string list]`
    package mutating func writeCQLStringList(_ list: [String]) {
        let list = list.prefix(Int(UInt16.max))
        writeInteger(UInt16(list.count))
        for text in list { writeCQLString(text) }
    }

    /// `[string map]`, in the order of its names.
    package mutating func writeCQLStringMap(_ map: [String: String]) {
        writeInteger(UInt16(map.count))
        for (name, text) in map.sorted(by: { $0.key < $1.key }) {
            writeCQLString(name)
            writeCQLString(text)
        }
    }

    /// `[string multimap]`, in the order of its names.
    package mutating func writeCQLMultimap(_ map: [String: [String]]) {
        writeInteger(UInt16(map.count))
        for (name, list) in map.sorted(by: { $0.key < $1.key }) {
            writeCQLString(name)
            writeCQLStringList(list)
        }
    }

    /// `[bytes]`
    package mutating func writeCQLBytes(_ bytes: [UInt8]?) {
        guard let bytes else {
            writeInteger(Int32(-1))
            return
        }
        writeInteger(Int32(bytes.count))
        writeBytes(bytes)
    }

    /// `[short bytes]`, at most 65,535 of them: only ids are written in this notation.
    package mutating func writeCQLShortBytes(_ bytes: [UInt8]) {
        precondition(bytes.count <= Int(UInt16.max), "an id of \(bytes.count) bytes")
        writeInteger(UInt16(bytes.count))
        writeBytes(bytes)
    }

    /// `[bytes map]`, in the order of its names.
    package mutating func writeCQLBytesMap(_ map: CustomPayload) {
        writeInteger(UInt16(map.count))
        for (name, bytes) in map.sorted(by: { $0.key < $1.key }) {
            writeCQLString(name)
            writeCQLBytes(bytes)
        }
    }
}
