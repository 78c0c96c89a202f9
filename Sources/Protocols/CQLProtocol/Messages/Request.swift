// What a client asks.

package import MillraceBase
package import NIOCore

/// A request's body (native_protocol_v5.spec, section 4.1).
package enum CQLRequest: Sendable, Equatable {
    /// Names as in the specification: CQL_VERSION, COMPRESSION, …; unknown ones are ignored.
    case startup([String: String])
    case options
    case authResponse([UInt8]?)
    case query(String, QueryParameters)
    /// `keyspace`: v5.
    case prepare(String, keyspace: String?)
    /// `resultMetadataID`: v5, as PREPARE answered it.
    case execute(id: [UInt8], resultMetadataID: [UInt8]?, QueryParameters)
    case batch(BatchRequest)
    case register([CQLEventKind])

    package var opcode: Opcode {
        switch self {
        case .startup: .startup
        case .options: .options
        case .authResponse: .authResponse
        case .query: .query
        case .prepare: .prepare
        case .execute: .execute
        case .batch: .batch
        case .register: .register
        }
    }

    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        switch self {
        case .startup(let options): out.writeCQLStringMap(options)
        case .options: break
        case .authResponse(let token): out.writeCQLBytes(token)
        case .query(let text, let parameters):
            out.writeCQLLongString(text)
            parameters.write(to: &out, version: version)
        case .prepare(let text, let keyspace):
            out.writeCQLLongString(text)
            guard version >= .v5 else { break }
            out.writeInteger(UInt32(keyspace == nil ? 0 : 1))
            if let keyspace { out.writeCQLString(keyspace) }
        case .execute(let id, let resultMetadataID, let parameters):
            out.writeCQLShortBytes(id)
            if version >= .v5 { out.writeCQLShortBytes(resultMetadataID ?? []) }
            parameters.write(to: &out, version: version)
        case .batch(let batch): batch.write(to: &out, version: version)
        case .register(let kinds): out.writeCQLStringList(kinds.map(\.rawValue))
        }
    }

    /// Reads the whole body; bytes left over are an error.
    package static func read(
        _ opcode: Opcode, from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> CQLRequest {
        let request: CQLRequest
        switch opcode {
        case .startup: request = .startup(try bytes.readCQLStringMap("options"))
        case .options: request = .options
        case .authResponse: request = .authResponse(try bytes.readCQLBytes("token"))
        case .query:
            let text = try bytes.readCQLLongString("statement")
            request = .query(text, try QueryParameters.read(from: &bytes, version: version))
        case .prepare:
            let text = try bytes.readCQLLongString("statement")
            var keyspace: String?
            if version >= .v5, try bytes.readCQLInt("prepare flags") & 1 != 0 {
                keyspace = try bytes.readCQLString("keyspace")
            }
            request = .prepare(text, keyspace: keyspace)
        case .execute:
            let id = try bytes.readCQLShortBytes("statement id")
            let metadataID = version >= .v5 ? try bytes.readCQLShortBytes("metadata id") : nil
            request = .execute(
                id: id, resultMetadataID: metadataID,
                try QueryParameters.read(from: &bytes, version: version))
        case .batch: request = .batch(try BatchRequest.read(from: &bytes, version: version))
        case .register:
            var kinds: [CQLEventKind] = []
            for name in try bytes.readCQLStringList("event types") {
                guard let kind = CQLEventKind(rawValue: name) else {
                    throw WireError(.invalid("'\(name)' for Type"), in: "Invalid value")
                }
                kinds.append(kind)
            }
            request = .register(kinds)
        case .error, .ready, .authenticate, .supported, .result, .event, .authChallenge,
            .authSuccess:
            throw WireError(.invalid("is no request"), in: "opcode")
        }
        try bytes.expectCQLEnd("\(opcode)")
        return request
    }
}

/// A request with what its envelope says about it.
package struct RequestEnvelope: Sendable, Equatable {
    package var request: CQLRequest
    package var isTraced = false
    /// v4 and later.
    package var customPayload: CustomPayload?

    package init(_ request: CQLRequest, isTraced: Bool = false, customPayload: CustomPayload? = nil)
    {
        self.request = request
        self.isTraced = isTraced
        self.customPayload = customPayload
    }

    package init(reading envelope: Envelope, version: ProtocolVersion) throws(WireError) {
        guard let opcode = envelope.knownOpcode, !envelope.isResponse else {
            throw WireError(.unsupported(Int(envelope.opcode)), in: "opcode")
        }
        var body = envelope.body
        if version >= .v4, envelope.flags.contains(.customPayload) {
            customPayload = try body.readCQLBytesMap("custom payload")
        }
        isTraced = envelope.flags.contains(.tracing)
        request = try CQLRequest.read(opcode, from: &body, version: version)
    }
}

extension FrameWriter {
    package mutating func write(
        _ request: RequestEnvelope, stream: Int16, version: ProtocolVersion
    ) throws(WireError) {
        var flags: EnvelopeFlags = request.isTraced ? .tracing : []
        let payload = version >= .v4 ? request.customPayload : nil
        if payload != nil { flags.insert(.customPayload) }
        try write(
            version: version, isResponse: false, flags: flags, stream: stream,
            opcode: request.request.opcode
        ) { out in
            if let payload { out.writeCQLBytesMap(payload) }
            request.request.write(to: &out, version: version)
        }
    }
}
