// What stands in front of each request and response, and the size in front of that.
// Source: apache/kafka clients/src/main/resources/common/message/{Request,Response}Header.json

package import MillraceBase
package import NIOCore

/// The header of a request, v1 or v2: v2 adds tagged fields.
package struct RequestHeader: Equatable, Sendable {
    /// A raw number, since any can arrive.
    package var apiKey: Int16
    package var apiVersion: Int16
    package var correlationID: Int32
    package var clientID: String?

    package init(
        apiKey: Int16, apiVersion: Int16, correlationID: Int32, clientID: String? = nil
    ) {
        self.apiKey = apiKey
        self.apiVersion = apiVersion
        self.correlationID = correlationID
        self.clientID = clientID
    }

    /// Reads a header off the front of `frame`, whose size prefix is gone. What stays is the body.
    ///
    /// Of an API or a version that is not spoken, only these four fields are known to be right;
    /// what stays may still begin with tagged fields.
    package init(from frame: inout ByteBuffer) throws(WireError) {
        guard
            let (apiKey, apiVersion, correlationID) = frame.readMultipleIntegers(
                as: (Int16, Int16, Int32).self),
            let length = frame.readInteger(as: Int16.self)
        else { throw WireError(.cutShort, in: "request header") }
        guard length >= -1 else { throw WireError(.badLength(Int64(length)), in: "ClientId") }
        self.init(apiKey: apiKey, apiVersion: apiVersion, correlationID: correlationID)
        if length >= 0 {
            guard let name = frame.readString(length: Int(length)) else {
                throw WireError(.cutShort, in: "ClientId")
            }
            clientID = name
        }
        guard let key = ApiKey(rawValue: apiKey), key.versions.contains(apiVersion) else { return }
        guard key.isFlexible(apiVersion) else { return }
        var reader = KafkaReader(frame, version: 2, isFlexible: true)
        try reader.tags()
        frame = reader.rest
    }

    /// Appends the header to `buffer`; the id of the client is never compact.
    package func write(into buffer: inout ByteBuffer) throws(WireError) {
        buffer.writeMultipleIntegers(apiKey, apiVersion, correlationID)
        if let clientID {
            guard let length = Int16(exactly: clientID.utf8.count) else {
                throw WireError(.badLength(Int64(clientID.utf8.count)), in: "ClientId")
            }
            buffer.writeInteger(length)
            buffer.writeString(clientID)
        } else {
            buffer.writeInteger(-1, as: Int16.self)
        }
        if ApiKey(rawValue: apiKey)?.isFlexible(apiVersion) ?? false {
            buffer.writeInteger(0, as: UInt8.self)
        }
    }
}

/// The header of a response, v0 or v1: v1 adds tagged fields.
package enum ResponseHeader {
    /// Whether the header ends in tagged fields. ApiVersions keeps v0 in every version, so that a
    /// client that does not know the broker yet can read it.
    package static func isFlexible(_ key: ApiKey, version: Int16) -> Bool {
        key != .apiVersions && key.isFlexible(version)
    }

    /// Reads a header off the front of `frame`.
    ///
    /// - Returns: the correlation id.
    package static func read(
        from frame: inout ByteBuffer, key: ApiKey, version: Int16
    ) throws(WireError) -> Int32 {
        guard let correlationID = frame.readInteger(as: Int32.self) else {
            throw WireError(.cutShort, in: "CorrelationId")
        }
        if isFlexible(key, version: version) {
            var reader = KafkaReader(frame, version: 1, isFlexible: true)
            try reader.tags()
            frame = reader.rest
        }
        return correlationID
    }
}

extension KafkaRequest {
    /// The whole request with its size and header.
    package func frame(
        version: Int16, correlationID: Int32, clientID: String? = nil
    ) throws(WireError) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(0, as: Int32.self)
        try RequestHeader(
            apiKey: Self.apiKey.rawValue, apiVersion: version, correlationID: correlationID,
            clientID: clientID
        ).write(into: &frame)
        try write(into: &frame, version: version)
        frame.setInteger(Int32(frame.readableBytes - 4), at: frame.readerIndex)
        return frame
    }

    /// The whole response with its size and header, in pieces to be written one after the other.
    ///
    /// Record bytes of at least `Limits.pieceBytesMin` are pieces that share the caller's memory.
    package static func responseFrame(
        _ response: Response, version: Int16, correlationID: Int32
    ) throws(WireError) -> [ByteBuffer] {
        var writer = try KafkaWriter(Response.self, version: version, gathers: true)
        writer.buffer.writeMultipleIntegers(Int32(0), correlationID)
        if ResponseHeader.isFlexible(apiKey, version: version) { writer.tags() }
        var response = response
        try response.fields(&writer)
        var pieces = writer.finish()
        let size = pieces.reduce(0) { $0 + $1.readableBytes } - 4
        guard let prefix = Int32(exactly: size) else {
            throw WireError(.badLength(Int64(size)), in: "response")
        }
        pieces[0].setInteger(prefix, at: pieces[0].readerIndex)
        return pieces
    }
}
