// What every landing promises, run on SQLite always and on PostgreSQL where there is one.

import Foundation
import MillraceBase
import MillraceLanding
import RandomUserClient
import Testing

@Suite("Landing")
struct LandingContractTests {
    @Test(.enabled(if: LandingPostgres.isAvailable, LandingPostgres.missing))
    func runsOnPostgreSQLToo() { #expect(LandingBackend.available == LandingBackend.allCases) }

    /// Goal: new and changed people leave by the outbox, unchanged ones do not.
    @Test(arguments: LandingBackend.available)
    func landsPeopleOnce(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            let people = try LandingPeople.rows(0..<2_500)
            let first = try await store.land(people)
            #expect(first == UpsertResult(inserted: 2_500))
            let again = try await store.land(people, run: "run-2")
            #expect(again == UpsertResult(unchanged: 2_500))
            let changed = try await store.land(LandingPeople.rows(2_490..<2_510, version: 2))
            #expect(changed == UpsertResult(inserted: 10, updated: 10))
            let counts = try await store.counts()
            #expect(counts == LandingCounts(peopleByGender: ["female": 2_510], pending: 2_520))
            let pending = try await store.pending(run: "run-2")
            #expect(pending == 0)
        }
    }

    /// Goal: of an id that comes twice in one call the last one counts.
    @Test(arguments: LandingBackend.available)
    func takesTheLastOfEqualIDs(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            let people = try LandingPeople.rows(0..<3) + LandingPeople.rows(1..<2, version: 2)
            let result = try await store.land(people)
            #expect(result == UpsertResult(inserted: 3, unchanged: 1))
            let rows = try await store.claim(limit: 10)
            #expect(rows.map { $0.value } == [people[0], people[3], people[2]].map { $0.value })
        }
    }

    /// Goal: rows come whole, by rising sequence, each once, and go when they are acknowledged.
    @Test(arguments: LandingBackend.available)
    func handsTheOutboxOut(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            let people = try LandingPeople.rows(0..<30)
            _ = try await store.land(people)
            let first = try await store.claim(limit: 20)
            let second = try await store.claim(limit: 20)
            let third = try await store.claim(limit: 20)
            let rows = first + second
            #expect(first.count == 20)
            #expect(second.count == 10)
            #expect(third.isEmpty)
            #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
            #expect(rows.map { $0.key } == people.map { Array($0.id.utf8) })
            #expect(rows.map { $0.value } == people.map { $0.value })
            #expect(rows.allSatisfy { $0.topic == "users_created" && $0.run == "run-1" })
            #expect(rows.allSatisfy { $0.fetchedAtMilliseconds == 900 })
            #expect(rows.allSatisfy { $0.landedAtMilliseconds == 1_000 && !$0.isResend })
            #expect(rows.allSatisfy { $0.headers.isEmpty })
            try await store.acknowledge([rows[3], rows[0], rows[1], rows[29]].map { $0.sequence })
            let pending = try await store.pending(run: "run-1")
            #expect(pending == 26)
            try await store.acknowledge(rows.map { $0.sequence })
            let rest = try await store.pending(run: "run-1")
            #expect(rest == 0)
        }
    }

    /// Goal: pages of one call keep the moments of their fetch, and each says what became of it.
    @Test(arguments: LandingBackend.available)
    func landsPagesTogether(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            let pages = [
                PeoplePage(people: try LandingPeople.rows(0..<3), fetchedAtMilliseconds: 10),
                PeoplePage(people: [], fetchedAtMilliseconds: 20),
                PeoplePage(people: try LandingPeople.rows(1..<5), fetchedAtMilliseconds: 30),
            ]
            let results = try await store.upsert(pages, run: "run-1", topic: "users_created")
            #expect(
                results == [
                    UpsertResult(inserted: 3), UpsertResult(),
                    UpsertResult(inserted: 2, unchanged: 2),
                ])
            let rows = try await store.claim(limit: 10)
            #expect(rows.map(\.fetchedAtMilliseconds) == [10, 10, 10, 30, 30])
        }
    }

    /// Goal: exactly what was acknowledged goes, wherever it lies among hundreds of rows.
    @Test(arguments: LandingBackend.available)
    func acknowledgesAnyRows(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            let people = try LandingPeople.rows(0..<700)
            _ = try await store.land(people)
            var rest: [Int64: [UInt8]] = [:]
            var claimed: [OutboxRow] = []
            while claimed.count < 700 { claimed += try await store.claim(limit: 300) }
            for row in claimed { rest[row.sequence] = row.value }
            let parts = [claimed[100..<450], claimed[449..<451], claimed[690..<700]].map(Array.init)
            for part in parts + [claimed.filter { $0.sequence % 7 == 0 }] {
                try await store.acknowledge(part.map(\.sequence).shuffled())
                for row in part { rest[row.sequence] = nil }
            }
            let pending = try await store.pending(run: "run-1")
            #expect(pending == rest.count)
            try await store.release()
            var again: [Int64: [UInt8]] = [:]
            while again.count < rest.count {
                let rows = try await store.claim(limit: 90)
                guard !rows.isEmpty else { break }
                for row in rows { again[row.sequence] = row.value }
            }
            #expect(again == rest)
        }
    }

    /// Goal: what was claimed and not acknowledged comes again as a re-send, after a release and
    /// after a crash; what was not claimed is no re-send; no sequence is used twice.
    @Test(arguments: LandingBackend.available)
    func sendsAgainWhatMayBeLost(backend: LandingBackend) async throws {
        try await backend.withLanding { store, place in
            _ = try await store.land(LandingPeople.rows(0..<10))
            let claimed = try await store.claim(limit: 6)
            try await store.acknowledge([claimed[0].sequence, claimed[2].sequence])
            try await store.release()
            let released = try await store.claim(limit: 6)
            #expect(released.map { $0.isResend } == [true, true, true, true, false, false])
            // No close: this process is gone, another one opens the same landing.
            let next = try await place.open()
            let again = try await next.claim(limit: 100)
            #expect(again.map { $0.isResend } == Array(repeating: true, count: 6) + [false, false])
            #expect(again.prefix(6).map { $0.sequence } == released.map { $0.sequence })
            try await next.acknowledge(again.map { $0.sequence })
            await next.close()
            let last = try await place.open()
            let empty = try await last.claim(limit: 100)
            #expect(empty.isEmpty)
            _ = try await last.land(LandingPeople.rows(50..<52))
            let fresh = try await last.claim(limit: 100)
            #expect(fresh.count == 2)
            #expect(
                fresh.allSatisfy { row in
                    !row.isResend && again.allSatisfy { $0.sequence < row.sequence }
                })
            await last.close()
        }
    }

    /// Goal: rejections go the same way, once, with reason and place in headers and the bytes as
    /// value.
    @Test(arguments: LandingBackend.available)
    func rejectsOnce(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            let rows = [
                RejectedRow(page: 1, index: 7, reason: "email is missing", raw: [0x7B, 0, 0xFF]),
                RejectedRow(page: 2, index: 0, reason: "é", raw: []),
            ]
            func reject(_ rows: [RejectedRow], run: String) async throws -> Int {
                try await store.reject(
                    rows, fetchedAtMilliseconds: 900, run: run, topic: "users_created.dlq")
            }
            let first = try await reject([rows[0]], run: "run-1")
            let second = try await reject(rows, run: "run-1")
            let other = try await reject(rows, run: "run-2")
            #expect(first == 1)
            #expect(second == 1)
            #expect(other == 2)
            let claimed = try await store.claim(limit: 10)
            #expect(
                claimed.map { $0.value } == [rows[0], rows[1], rows[0], rows[1]].map { $0.raw })
            #expect(claimed.allSatisfy { $0.topic == "users_created.dlq" })
            #expect(
                claimed[1].headers == [
                    OutboxHeader("reason", Array("é".utf8)),
                    OutboxHeader("run", Array("run-1".utf8)),
                    OutboxHeader("page", Array("2".utf8)), OutboxHeader("index", Array("0".utf8)),
                ])
            let keys = Set(claimed.map { $0.key })
            #expect(keys.count == 4)
            let counts = try await store.counts()
            #expect(counts.rejected == 4)
            #expect(counts.pending == 4)
        }
    }

    /// Goal: many tasks land at once while the pump claims; each person leaves once, in order.
    @Test(arguments: LandingBackend.available)
    func manyLandAtOnce(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<6 {
                    group.addTask {
                        let people = try LandingPeople.rows(task * 200..<task * 200 + 400)
                        var landed = 0
                        for start in stride(from: 0, to: 400, by: 100) {
                            let piece = Array(people[start..<start + 100])
                            landed += try await store.land(piece, run: "run-\(task)").inserted
                        }
                        return landed
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(total == 1_400)
            var ids: [String] = []
            var last: Int64 = 0
            while true {
                let rows = try await store.claim(limit: 300)
                guard !rows.isEmpty else { break }
                for row in rows {
                    #expect(row.sequence > last)
                    last = row.sequence
                    ids.append(String(decoding: row.key, as: UTF8.self))
                }
                try await store.acknowledge(rows.map { $0.sequence })
            }
            #expect(ids.count == 1_400)
            #expect(Set(ids).count == 1_400)
        }
    }

    /// Goal: a claimer that runs beside the landers misses nobody.
    @Test(arguments: LandingBackend.available)
    func nobodySlipsPastTheCursor(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<4 {
                    group.addTask {
                        for start in stride(from: task * 250, to: task * 250 + 250, by: 50) {
                            _ = try await store.land(LandingPeople.rows(start..<start + 50))
                        }
                    }
                }
                group.addTask {
                    var keys: Set<[UInt8]> = []
                    let deadline = ContinuousClock.now + .seconds(60)
                    while keys.count < 1_000, ContinuousClock.now < deadline {
                        for row in try await store.claim(limit: 70) {
                            #expect(keys.insert(row.key).inserted)
                        }
                    }
                    #expect(keys.count == 1_000)
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: LandingBackend.available)
    func wakesThePump(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            var changes = store.changes().makeAsyncIterator()
            await changes.next()
            _ = try await store.land(LandingPeople.rows(0..<1))
            await changes.next()
            let rows = try await store.claim(limit: 10)
            #expect(rows.count == 1)
            await store.close()
            let end: Void? = await changes.next()
            #expect(end == nil)
        }
    }

    @Test(arguments: LandingBackend.available)
    func showsTheLatest(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            _ = try await store.land(LandingPeople.rows(0..<5))
            let latest = try await store.latest(limit: 3)
            #expect(latest.count == 3)
            #expect(latest.allSatisfy { $0.gender == "female" && $0.run == "run-1" })
        }
    }

    /// Goal: odd texts survive as they are.
    @Test(arguments: LandingBackend.available)
    func keepsOddTexts(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            var person = try LandingPeople.rows(0..<1)[0]
            let name = "سارا \\ \" ' {} , NULL 😀"
            person = person.replacing(.firstName, by: name.utf8)
                .replacing(.raw, by: "{\"cell\":\"\\u0000\\\\\"}".utf8)
                .replacing(.value, by: [0, 1, 2, 0xFF, 0x5C])
            _ = try await store.land([person])
            let latest = try await store.latest(limit: 1)
            let rows = try await store.claim(limit: 1)
            #expect(latest[0].firstName == name)
            #expect(rows[0].value == person.value)
            let again = try await store.land([person])
            #expect(again.unchanged == 1)
        }
    }

    @Test(arguments: LandingBackend.available)
    func closedIsClosed(backend: LandingBackend) async throws {
        try await backend.withLanding { store, _ in
            await store.close()
            await #expect(throws: LandingError.closed) { _ = try await store.claim(limit: 1) }
        }
    }
}
