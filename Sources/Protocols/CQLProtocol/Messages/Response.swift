// What a server answers.

package import MillraceBase
package import NIOCore

/// A response's body (native_protocol_v5.spec, section 4.2).
package enum CQLResponse: Sendable, Equatable {
    case error(CQLServerError)
    case ready
    /// The authenticator's class.
    case authenticate(String)
    case authChallenge([UInt8]?)
    case authSuccess([UInt8]?)
    case supported([String: [String]])
    case result(CQLResult)
    case event(CQLEvent)

    package var opcode: Opcode {
        switch self {
        case .error: .error
        case .ready: .ready
        case .authenticate: .authenticate
        case .authChallenge: .authChallenge
        case .authSuccess: .authSuccess
        case .supported: .supported
        case .result: .result
        case .event: .event
        }
    }

    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        switch self {
        case .error(let error): error.write(to: &out, version: version)
        case .ready: break
        case .authenticate(let name): out.writeCQLString(name)
        case .authChallenge(let token), .authSuccess(let token): out.writeCQLBytes(token)
        case .supported(let options): out.writeCQLMultimap(options)
        case .result(let result): result.write(to: &out, version: version)
        case .event(let event): event.write(to: &out)
        }
    }

    /// Reads the whole body; bytes left over are an error.
    package static func read(
        _ opcode: Opcode, from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> CQLResponse {
        let response: CQLResponse
        switch opcode {
        case .error: response = .error(try CQLServerError.read(from: &bytes, version: version))
        case .ready: response = .ready
        case .authenticate: response = .authenticate(try bytes.readCQLString("authenticator"))
        case .authChallenge: response = .authChallenge(try bytes.readCQLBytes("token"))
        case .authSuccess: response = .authSuccess(try bytes.readCQLBytes("token"))
        case .supported: response = .supported(try bytes.readCQLMultimap("options"))
        case .result: response = .result(try CQLResult.read(from: &bytes, version: version))
        case .event: response = .event(try CQLEvent.read(from: &bytes))
        case .startup, .options, .query, .prepare, .execute, .register, .batch, .authResponse:
            throw WireError(.invalid("is no response"), in: "opcode")
        }
        try bytes.expectCQLEnd("\(opcode)")
        return response
    }
}

/// The kinds of RESULT (section 4.2.5).
package enum CQLResult: Sendable, Equatable {
    case void
    case rows(RowsResult)
    /// Written like `rows`; reading gives `rows`.
    case builtRows(RowsContent)
    case setKeyspace(String)
    case prepared(PreparedResult)
    case schemaChange(SchemaChange)

    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        switch self {
        case .void: out.writeInteger(Int32(1))
        case .rows(let rows):
            out.writeInteger(Int32(2))
            rows.write(to: &out, version: version)
        case .builtRows(let rows):
            out.writeInteger(Int32(2))
            rows.write(to: &out, version: version)
        case .setKeyspace(let name):
            out.writeInteger(Int32(3))
            out.writeCQLString(name)
        case .prepared(let prepared):
            out.writeInteger(Int32(4))
            prepared.write(to: &out, version: version)
        case .schemaChange(let change):
            out.writeInteger(Int32(5))
            change.write(to: &out)
        }
    }

    package static func read(
        from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> CQLResult {
        let kind = try bytes.readCQLInt("result kind")
        switch kind {
        case 1: return .void
        case 2: return .rows(try RowsResult.read(from: &bytes))
        case 3: return .setKeyspace(try bytes.readCQLString("keyspace"))
        case 4: return .prepared(try PreparedResult.read(from: &bytes, version: version))
        case 5: return .schemaChange(try SchemaChange.read(from: &bytes))
        default: throw WireError(.unsupported(Int(kind)), in: "result kind")
        }
    }
}

/// The answer to PREPARE (section 4.2.5.4).
package struct PreparedResult: Sendable, Equatable {
    package var id: [UInt8]
    /// v5: names the version of `result`, to be sent with EXECUTE.
    package var resultMetadataID: [UInt8]?
    package var bind: BindMetadata
    package var result: ResultMetadata

    package init(
        id: [UInt8], resultMetadataID: [UInt8]?, bind: BindMetadata, result: ResultMetadata
    ) {
        self.id = id
        self.resultMetadataID = resultMetadataID
        self.bind = bind
        self.result = result
    }

    static func read(
        from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> PreparedResult {
        let id = try bytes.readCQLShortBytes("statement id")
        let metadataID = version >= .v5 ? try bytes.readCQLShortBytes("metadata id") : nil
        let bind = try BindMetadata.read(from: &bytes, version: version)
        return PreparedResult(
            id: id, resultMetadataID: metadataID, bind: bind,
            result: try ResultMetadata.read(from: &bytes))
    }

    func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        out.writeCQLShortBytes(id)
        if version >= .v5 { out.writeCQLShortBytes(resultMetadataID ?? []) }
        bind.write(to: &out, version: version)
        result.write(to: &out, version: version)
    }
}

/// A response with what stands before its body.
package struct ResponseEnvelope: Sendable, Equatable {
    package var response: CQLResponse
    package var tracingID: CQLUUID?
    /// v4 and later.
    package var warnings: [String] = []
    /// v4 and later.
    package var customPayload: CustomPayload?

    package init(_ response: CQLResponse, tracingID: CQLUUID? = nil, warnings: [String] = []) {
        self.response = response
        self.tracingID = tracingID
        self.warnings = warnings
    }

    package init(reading envelope: Envelope, version: ProtocolVersion) throws(WireError) {
        guard let opcode = envelope.knownOpcode, envelope.isResponse else {
            throw WireError(.unsupported(Int(envelope.opcode)), in: "opcode")
        }
        var body = envelope.body
        if envelope.flags.contains(.tracing) {
            let high = UInt64(bitPattern: try body.readCQLLong("tracing id"))
            tracingID = CQLUUID(
                high: high, low: UInt64(bitPattern: try body.readCQLLong("tracing id")))
        }
        if envelope.flags.contains(.warning) { warnings = try body.readCQLStringList("warnings") }
        if envelope.flags.contains(.customPayload) {
            customPayload = try body.readCQLBytesMap("custom payload")
        }
        response = try CQLResponse.read(opcode, from: &body, version: version)
    }
}

extension FrameWriter {
    package mutating func write(
        _ envelope: ResponseEnvelope, stream: Int16, version: ProtocolVersion
    ) throws(WireError) {
        let warnings = version >= .v4 ? envelope.warnings : []
        let payload = version >= .v4 ? envelope.customPayload : nil
        var flags: EnvelopeFlags = []
        if envelope.tracingID != nil { flags.insert(.tracing) }
        if !warnings.isEmpty { flags.insert(.warning) }
        if payload != nil { flags.insert(.customPayload) }
        try write(
            version: version, isResponse: true, flags: flags, stream: stream,
            opcode: envelope.response.opcode
        ) { out in
            if let id = envelope.tracingID { out.writeMultipleIntegers(id.high, id.low) }
            if !warnings.isEmpty { out.writeCQLStringList(warnings) }
            if let payload { out.writeCQLBytesMap(payload) }
            envelope.response.write(to: &out, version: version)
        }
    }
}
