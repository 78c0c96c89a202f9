// ERROR on the wire.

package import MillraceBase
package import NIOCore

extension CQLServerError {
    /// Reads the body of ERROR. What an unknown code adds is skipped.
    package static func read(
        from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> CQLServerError {
        let code = ServerErrorCode(rawValue: try bytes.readCQLInt("error code"))
        let message = try bytes.readCQLString("error message")
        // The fields of the code, if it has any; see section 8 of the specification.
        let detail = try readDetail(of: code, from: &bytes, version: version)
        if case .none = detail { bytes.moveReaderIndex(forwardBy: bytes.readableBytes) }
        return CQLServerError(code, message, detail)
    }

    private static func readDetail(
        of code: ServerErrorCode, from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> Detail {
        switch code {
        case .unavailable:
            let consistency = try Consistency.read(from: &bytes)
            let required = try bytes.readCQLInt("required")
            return .unavailable(
                consistency: consistency, required: required, alive: try bytes.readCQLInt("alive"))
        case .writeTimeout, .readTimeout, .readFailure, .writeFailure, .casWriteUnknown:
            return try readReplicas(of: code, from: &bytes, version: version)
        case .functionFailure:
            let keyspace = try bytes.readCQLString("keyspace")
            let function = try bytes.readCQLString("function")
            return .functionFailure(
                keyspace: keyspace, function: function,
                argumentTypes: try bytes.readCQLStringList("argument types"))
        case .alreadyExists:
            let keyspace = try bytes.readCQLString("keyspace")
            return .alreadyExists(keyspace: keyspace, table: try bytes.readCQLString("table"))
        case .unprepared:
            return .unprepared(id: try bytes.readCQLShortBytes("statement id"))
        default:
            return .none
        }
    }

    private static func readReplicas(
        of code: ServerErrorCode, from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> Detail {
        let level = try Consistency.read(from: &bytes)
        let received = try bytes.readCQLInt("received")
        let blockFor = try bytes.readCQLInt("block for")
        switch code {
        case .writeTimeout:
            let type = try bytes.readCQLString("write type")
            let contentions =
                version >= .v5 && type == "CAS" && bytes.readableBytes >= 2
                ? try bytes.readCQLShort("contentions") : nil
            return .writeTimeout(
                consistency: level, received: received, blockFor: blockFor, writeType: type,
                contentions: contentions)
        case .readTimeout:
            return .readTimeout(
                consistency: level, received: received, blockFor: blockFor,
                dataPresent: try bytes.readCQLByte("data present") != 0)
        case .readFailure:
            let failures = try Failures.read(from: &bytes, version: version)
            return .readFailure(
                consistency: level, received: received, blockFor: blockFor, failures: failures,
                dataPresent: try bytes.readCQLByte("data present") != 0)
        case .writeFailure:
            let failures = try Failures.read(from: &bytes, version: version)
            return .writeFailure(
                consistency: level, received: received, blockFor: blockFor, failures: failures,
                writeType: try bytes.readCQLString("write type"))
        default:
            return .casWriteUnknown(consistency: level, received: received, blockFor: blockFor)
        }
    }

    /// Writes it as clients of this version know it (`known`).
    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        known(to: version).writeFields(to: &out, version: version)
    }

    /// The same error in the codes of an older version, as Cassandra maps them: v3 has no failures,
    /// and only v5 tells that the outcome of a conditional write is unknown.
    func known(to version: ProtocolVersion) -> CQLServerError {
        switch detail {
        case .writeFailure(let level, let received, let blockFor, _, let type) where version < .v4:
            CQLServerError(
                .writeTimeout, message,
                .writeTimeout(
                    consistency: level, received: received, blockFor: blockFor, writeType: type,
                    contentions: nil))
        case .readFailure(let level, let received, let blockFor, _, let dataPresent)
        where version < .v4:
            CQLServerError(
                .readTimeout, message,
                .readTimeout(
                    consistency: level, received: received, blockFor: blockFor,
                    dataPresent: dataPresent))
        case .functionFailure where version < .v4: CQLServerError(.invalid, message)
        case .casWriteUnknown(let level, let received, let blockFor) where version < .v5:
            CQLServerError(
                .writeTimeout, message,
                .writeTimeout(
                    consistency: level, received: received, blockFor: blockFor, writeType: "CAS",
                    contentions: nil))
        case .none, .unavailable, .writeTimeout, .readTimeout, .readFailure, .functionFailure,
            .writeFailure, .casWriteUnknown, .alreadyExists, .unprepared:
            self
        }
    }

    private func writeFields(to out: inout ByteBuffer, version: ProtocolVersion) {
        out.writeInteger(code.rawValue)
        out.writeCQLString(message)
        switch detail {
        case .none: break
        case .unavailable(let consistency, let required, let alive):
            out.writeMultipleIntegers(consistency.rawValue, required, alive)
        case .writeTimeout(let level, let received, let blockFor, let type, let contentions):
            out.writeMultipleIntegers(level.rawValue, received, blockFor)
            out.writeCQLString(type)
            // Clients of v5 read it for conditional writes and for nothing else.
            if version >= .v5, type == "CAS" { out.writeInteger(contentions ?? 0) }
        case .readTimeout(let level, let received, let blockFor, let dataPresent):
            out.writeMultipleIntegers(
                level.rawValue, received, blockFor, UInt8(dataPresent ? 1 : 0))
        case .readFailure(let level, let received, let blockFor, let failures, let dataPresent):
            out.writeMultipleIntegers(level.rawValue, received, blockFor)
            failures.write(to: &out, version: version)
            out.writeInteger(UInt8(dataPresent ? 1 : 0))
        case .functionFailure(let keyspace, let function, let argumentTypes):
            out.writeCQLString(keyspace)
            out.writeCQLString(function)
            out.writeCQLStringList(argumentTypes)
        case .writeFailure(let level, let received, let blockFor, let failures, let type):
            out.writeMultipleIntegers(level.rawValue, received, blockFor)
            failures.write(to: &out, version: version)
            out.writeCQLString(type)
        case .casWriteUnknown(let level, let received, let blockFor):
            out.writeMultipleIntegers(level.rawValue, received, blockFor)
        case .alreadyExists(let keyspace, let table):
            out.writeCQLString(keyspace)
            out.writeCQLString(table)
        case .unprepared(let id): out.writeCQLShortBytes(id)
        }
    }
}

extension CQLServerError.Failures {
    /// v5: `[inetaddr][short]` for each; before only the number of them.
    fileprivate static func read(
        from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> Self {
        guard version >= .v5 else { return Self(count: try bytes.readCQLInt("failures")) }
        let count = try bytes.readCQLCount("failures", bytesEach: 7)
        var failures = Self(count: Int32(count))
        for _ in 0..<count {
            let address = try bytes.readCQLInetAddress("failed replica")
            failures.reasons.append(
                Reason(address: address, code: try bytes.readCQLShort("failure code")))
        }
        return failures
    }

    fileprivate func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        guard version >= .v5 else {
            out.writeInteger(count)
            return
        }
        out.writeInteger(Int32(reasons.count))
        for reason in reasons {
            out.writeCQLInetAddress(reason.address)
            out.writeInteger(reason.code)
        }
    }
}

extension ByteBuffer {
    /// `[inetaddr]`: a byte for the length, then 4 or 16 bytes.
    mutating func readCQLInetAddress(_ field: String) throws(WireError) -> CQLInet {
        let count = Int(try readCQLByte(field))
        guard let bytes = readBytes(length: count) else { throw WireError(.cutShort, in: field) }
        guard let address = CQLInet(bytes: bytes) else {
            throw WireError(.badLength(Int64(count)), in: field)
        }
        return address
    }

    mutating func writeCQLInetAddress(_ address: CQLInet) {
        writeInteger(UInt8(address.bytes.count))
        writeBytes(address.bytes)
    }
}
