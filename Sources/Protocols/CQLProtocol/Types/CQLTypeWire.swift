// Types as `[option]` on the wire, by their codes.

package import MillraceBase
package import NIOCore

extension CQLType {
    /// The type's code in result metadata (native_protocol_v5.spec, section 4.2.5.2).
    var code: UInt16 {
        switch self {
        case .custom, .vector: 0x00
        case .ascii: 0x01
        case .bigint: 0x02
        case .blob: 0x03
        case .boolean: 0x04
        case .counter: 0x05
        case .decimal: 0x06
        case .double: 0x07
        case .float: 0x08
        case .int: 0x09
        case .timestamp: 0x0B
        case .uuid: 0x0C
        case .text: 0x0D
        case .varint: 0x0E
        case .timeuuid: 0x0F
        case .inet: 0x10
        case .date: 0x11
        case .time: 0x12
        case .smallint: 0x13
        case .tinyint: 0x14
        case .duration: 0x15
        case .list: 0x20
        case .map: 0x21
        case .set: 0x22
        case .udt: 0x30
        case .tuple: 0x31
        case .frozen(let inner): inner.code
        }
    }

    private static let simpleByCode: [UInt16: CQLType] = Dictionary(
        uniqueKeysWithValues: simpleTypes.filter { $0.key != "varchar" }.map {
            ($0.value.code, $0.value)
        })

    /// Appends the option. v3 and v4 have no code for duration, v3 none for date, time, smallint and
    /// tinyint: they go as custom classes there.
    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        let goesAsClass =
            switch self {
            case .duration: version < .v5
            case .date, .time, .smallint, .tinyint: version < .v4
            case .vector, .custom: true
            default: false
            }
        guard !goesAsClass else {
            out.writeInteger(UInt16(0))
            out.writeCQLString(JavaTypeName.name(of: self))
            return
        }
        if case .frozen(let inner) = self {
            inner.write(to: &out, version: version)
            return
        }
        out.writeInteger(code)
        switch self {
        case .list(let element), .set(let element): element.write(to: &out, version: version)
        case .map(let key, let value):
            key.write(to: &out, version: version)
            value.write(to: &out, version: version)
        case .tuple(let parts):
            out.writeInteger(UInt16(parts.count))
            for part in parts { part.write(to: &out, version: version) }
        case .udt(let type):
            out.writeCQLString(type.keyspace)
            out.writeCQLString(type.name)
            out.writeInteger(UInt16(type.fields.count))
            for field in type.fields {
                out.writeCQLString(field.name)
                field.type.write(to: &out, version: version)
            }
        case .ascii, .bigint, .blob, .boolean, .counter, .decimal, .double, .float, .int,
            .timestamp, .uuid, .text, .varint, .timeuuid, .inet, .date, .time, .smallint, .tinyint,
            .duration, .vector, .custom, .frozen:
            break
        }
    }

    /// Reads an option. Codes of any version are understood.
    package static func read(
        from bytes: inout ByteBuffer, depth: Int = 0
    ) throws(WireError) -> CQLType {
        guard depth < CQLLimits.typeDepthMax else {
            throw WireError(.invalid("nests too deep"), in: "type")
        }
        let code = try bytes.readCQLShort("type code")
        switch code {
        case 0x00: return try readClass(from: &bytes)
        case 0x0A: return .text
        case 0x20: return .list(try read(from: &bytes, depth: depth + 1))
        case 0x22: return .set(try read(from: &bytes, depth: depth + 1))
        case 0x21:
            let key = try read(from: &bytes, depth: depth + 1)
            return .map(key, try read(from: &bytes, depth: depth + 1))
        case 0x30:
            let keyspace = try bytes.readCQLString("type's keyspace")
            var type = CQLUserType(
                keyspace: keyspace, name: try bytes.readCQLString("type's name"), fields: [])
            for _ in 0..<(try bytes.readCQLShort("fields of a type")) {
                let name = try bytes.readCQLString("field's name")
                type.fields.append(.init(name, try read(from: &bytes, depth: depth + 1)))
            }
            return .udt(type)
        case 0x31:
            var parts: [CQLType] = []
            for _ in 0..<(try bytes.readCQLShort("parts of a tuple")) {
                parts.append(try read(from: &bytes, depth: depth + 1))
            }
            return .tuple(parts)
        default:
            guard let type = simpleByCode[code] else {
                throw WireError(.unsupported(Int(code)), in: "type code")
            }
            return type
        }
    }

    private static func readClass(from bytes: inout ByteBuffer) throws(WireError) -> CQLType {
        let name = try bytes.readCQLString("custom type")
        do {
            return try JavaTypeName.parse(name)
        } catch {
            throw WireError(.invalid(error.description), in: "custom type")
        }
    }
}
