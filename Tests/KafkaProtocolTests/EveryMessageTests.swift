// What holds for each message at each version: the round trip, and every way to be cut short.

import MillraceBase
import NIOCore
import Testing

@testable import KafkaProtocol

/// A message of one version, with the checks that need its type.
struct MessageCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var roundTrip: @Sendable (_ seed: UInt64, _ nulls: Bool) throws -> Void
    var cuts: @Sendable () throws -> Void
    var flips: @Sendable () throws -> Void

    init<Message: KafkaMessage>(_ type: Message.Type, version: Int16) {
        testDescription = "\(type) v\(version)"
        roundTrip = { seed, nulls in
            let message = try Message.filled(version: version, seed: seed, nulls: nulls)
            let bytes = try message.bytes(version: version)
            #expect(try Message(reading: bytes, version: version) == message)
            #expect(throws: WireError.self) {
                try Message(reading: bytes + [0], version: version)
            }
        }
        cuts = {
            let bytes = try Message.filled(version: version, seed: 11).bytes(version: version)
            for length in bytes.indices {
                #expect(throws: WireError.self) {
                    try Message(reading: Array(bytes.prefix(length)), version: version)
                }
            }
        }
        flips = {
            var generator = SeededGenerator(state: 5)
            let bytes = try Message.filled(version: version, seed: 11).bytes(version: version)
            guard !bytes.isEmpty else { return }
            for _ in 0..<50 {
                var damaged = bytes
                let index = Int(generator.next() % UInt64(bytes.count))
                damaged[index] = UInt8(truncatingIfNeeded: generator.next())
                // Either it still is a message, or it is refused: nothing else may happen.
                let message = try? Message(reading: damaged, version: version)
                if let message { _ = try message.bytes(version: version) }
            }
        }
    }

    static let all: [MessageCase] = ApiKey.allCases.flatMap { key in
        key.versions.flatMap { cases(of: key.request, version: $0) }
    }

    private static func cases<Request: KafkaRequest>(
        of request: Request.Type, version: Int16
    ) -> [MessageCase] {
        [
            MessageCase(Request.self, version: version),
            MessageCase(Request.Response.self, version: version),
        ]
    }
}

@Suite("Every message")
struct EveryMessageTests {
    /// Goal: what we write is what we read, at every version we speak, and one byte more is refused.
    @Test(arguments: MessageCase.all)
    func survivesTheRoundTrip(message: MessageCase) throws {
        for seed in 0..<10 as Range<UInt64> { try message.roundTrip(seed, seed % 3 == 0) }
    }

    /// Method: cut a good message at every length. None may crash, read on, or pass.
    @Test(arguments: MessageCase.all)
    func refusesEveryCut(message: MessageCase) throws {
        try message.cuts()
    }

    /// Method: change single bytes. No count may be believed, no value may crash.
    @Test(arguments: MessageCase.all)
    func survivesDamage(message: MessageCase) throws {
        try message.flips()
    }

    /// Goal: request and response of an API speak the same versions.
    @Test(arguments: ApiKey.allCases)
    func bothSidesAgree(key: ApiKey) {
        func check<Request: KafkaRequest>(_ request: Request.Type) {
            #expect(request.apiKey == key)
            #expect(request.versions == Request.Response.versions)
            #expect(request.flexibleFrom == Request.Response.flexibleFrom)
        }
        check(key.request)
    }

    /// Goal: a version outside the range is an error on both ways.
    @Test(arguments: ApiKey.allCases)
    func refusesOtherVersions(key: ApiKey) {
        func check<Request: KafkaRequest>(_ request: Request.Type) {
            let version = request.versions.upperBound + 1
            #expect(throws: WireError.self) { try Request(reading: [], version: version) }
            #expect(throws: WireError.self) { try Request().bytes(version: version) }
        }
        check(key.request)
    }
}
