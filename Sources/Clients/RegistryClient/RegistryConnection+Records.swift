// Records with a schema: what to write in front of the data, and what was written there.

import MillraceBase
public import MillraceSchemas

/// Data and the schema it was written with.
public struct SchemaFramed: Sendable {
    public var schema: SchemaDocument
    public var ticket: SchemaTicket
    /// How many bytes of the record's key or value come before the data; 0 with a header.
    public var prefixLength: Int
    /// The full name of the message, for Protobuf.
    public var messageName: String?
}

extension RegistryConnection {
    /// The ticket of a schema that is registered, or is now.
    ///
    /// - Parameter message: the full name of a Protobuf message; `nil` for the first one.
    /// - Throws: `.badAnswer` when the schema has no message of that name.
    public func ticket(
        for schema: SchemaDocument, subject: String, message: String? = nil
    ) async throws(RegistryError) -> SchemaTicket {
        var indexes: [Int]?
        if schema.kind == .protobuf {
            indexes = message.flatMap { schema.messageIndexes(of: $0) }
            if message == nil { indexes = [0] }
            guard indexes != nil else {
                throw .badAnswer("the schema has no message \(message ?? "")")
            }
        }
        let id = try await register(subject: subject, schema: schema)
        return SchemaTicket(.id(id), messageIndexes: indexes)
    }

    /// The schema of a record, by its header when it has one and by its first bytes otherwise.
    ///
    /// - Parameters:
    ///   - header: the value of `SchemaFraming.valueHeader` (or of the key's).
    ///   - subject: for ids that are not of the default context.
    public func schema(
        of bytes: [UInt8], header: [UInt8]? = nil, subject: String? = nil
    ) async throws(RegistryError) -> SchemaFramed {
        let place = header ?? bytes
        let plain = try Self.read(place, hasMessageIndexes: false)
        let schema =
            switch plain.ticket.identity {
            case .id(let id): try await self.schema(id: id, subject: subject)
            case .guid(let guid): try await self.schema(guid: guid)
            }
        guard schema.kind == .protobuf else {
            return SchemaFramed(
                schema: schema, ticket: plain.ticket, prefixLength: header == nil ? plain.length : 0
            )
        }
        let full = try Self.read(place, hasMessageIndexes: true)
        return SchemaFramed(
            schema: schema, ticket: full.ticket, prefixLength: header == nil ? full.length : 0,
            messageName: schema.messageName(at: full.ticket.messageIndexes ?? [0]))
    }

    private static func read(_ bytes: [UInt8], hasMessageIndexes: Bool) throws(RegistryError) -> (
        ticket: SchemaTicket, length: Int
    ) {
        do throws(WireError) {
            return try SchemaFraming.ticket(in: bytes, hasMessageIndexes: hasMessageIndexes)
        } catch { throw .badAnswer("the record's \(error)") }
    }
}
