// Metadata records as the values of log records: a frame version, the type, its version, the fields.
// Source: apache/kafka server-common AbstractApiMessageSerde.java

import KafkaProtocol
package import MillraceBase
package import NIOCore

extension MetadataRecord {
    /// The one version of the frame there is.
    private static let frameVersion: UInt32 = 1

    /// The value of a log record; keys are null.
    package var bytes: ByteBuffer {
        get throws(WireError) {
            switch self {
            case .registerBroker(let record): try Self.framed(record)
            case .topic(let record): try Self.framed(record)
            case .partition(let record): try Self.framed(record)
            case .config(let record): try Self.framed(record)
            case .removeTopic(let record): try Self.framed(record)
            case .userScramCredential(let record): try Self.framed(record)
            case .featureLevel(let record): try Self.framed(record)
            case .clientQuota(let record): try Self.framed(record)
            case .producerIDs(let record): try Self.framed(record)
            case .accessControlEntry(let record): try Self.framed(record)
            case .removeAccessControlEntry(let record): try Self.framed(record)
            case .noOp(let record): try Self.framed(record)
            case .removeUserScramCredential(let record): try Self.framed(record)
            }
        }
    }

    private static func framed<Message: MetadataMessage>(
        _ message: Message
    ) throws(WireError) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeUnsigned(frameVersion)
        buffer.writeUnsigned(Message.number)
        buffer.writeUnsigned(UInt32(Message.writtenVersion))
        try message.write(into: &buffer, version: Message.writtenVersion)
        return buffer
    }

    /// - Throws: also for types that a broker of one node never writes.
    package init(reading bytes: ByteBuffer) throws(WireError) {
        var buffer = bytes
        let frame = try buffer.readUnsigned("frame version")
        guard frame == Self.frameVersion else {
            throw WireError(.unsupported(Int(frame)), in: "frame version")
        }
        let number = try buffer.readUnsigned("record type")
        guard let version = Int16(exactly: try buffer.readUnsigned("record version")) else {
            throw WireError(.invalid("is out of range"), in: "record version")
        }
        switch number {
        case RegisterBrokerRecord.number: self = .registerBroker(try Self.read(buffer, version))
        case TopicRecord.number: self = .topic(try Self.read(buffer, version))
        case PartitionRecord.number: self = .partition(try Self.read(buffer, version))
        case ConfigRecord.number: self = .config(try Self.read(buffer, version))
        case RemoveTopicRecord.number: self = .removeTopic(try Self.read(buffer, version))
        case UserScramCredentialRecord.number:
            self = .userScramCredential(try Self.read(buffer, version))
        case FeatureLevelRecord.number: self = .featureLevel(try Self.read(buffer, version))
        case ClientQuotaRecord.number: self = .clientQuota(try Self.read(buffer, version))
        case ProducerIDsRecord.number: self = .producerIDs(try Self.read(buffer, version))
        case AccessControlEntryRecord.number:
            self = .accessControlEntry(try Self.read(buffer, version))
        case RemoveAccessControlEntryRecord.number:
            self = .removeAccessControlEntry(try Self.read(buffer, version))
        case NoOpRecord.number: self = .noOp(try Self.read(buffer, version))
        case RemoveUserScramCredentialRecord.number:
            self = .removeUserScramCredential(try Self.read(buffer, version))
        default: throw WireError(.unsupported(Int(number)), in: "metadata record type")
        }
    }

    private static func read<Message: MetadataMessage>(
        _ buffer: ByteBuffer, _ version: Int16
    ) throws(WireError) -> Message {
        try Message(reading: buffer, version: version)
    }
}

extension ByteBuffer {
    fileprivate mutating func writeUnsigned(_ value: UInt32) {
        var rest = value
        while rest > 0x7f {
            writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        writeInteger(UInt8(truncatingIfNeeded: rest))
    }

    fileprivate mutating func readUnsigned(_ field: String) throws(WireError) -> UInt32 {
        var value: UInt32 = 0
        for shift in stride(from: UInt32(0), to: 28, by: 7) {
            guard let byte: UInt8 = readInteger() else { throw WireError(.cutShort, in: field) }
            value |= UInt32(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw WireError(.invalid("is too large"), in: field)
    }
}
