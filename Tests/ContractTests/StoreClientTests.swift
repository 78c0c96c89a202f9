// The client of the store that pipelines get: values both ways, rows as structures, errors.

import Foundation
import Millrace
import MillraceBase
import Testing

@Suite("Store client")
struct StoreClientTests {
    private struct Order: Decodable, Equatable {
        var id: UUID
        var total: Double
        var tags: [String]?
    }

    private func stage(_ body: (StoreClient) async throws -> Void) async throws {
        let store = try await CQLTestStore.embedded()
        let client = try await StoreClient.connect(store.endpoint)
        do {
            try await client.execute(
                "CREATE KEYSPACE shop WITH replication = "
                    + "{'class': 'SimpleStrategy', 'replication_factor': 1}")
            try await body(client)
        } catch {
            await client.close()
            await store.stop()
            throw error
        }
        await client.close()
        await store.stop()
    }

    @Test func writesAndReads() async throws {
        try await stage { client in
            try await client.execute(
                "CREATE TABLE shop.orders (id uuid PRIMARY KEY, total double, tags set<text>)")
            let ids = (0..<300).map { _ in UUID() }
            try await client.write(
                "INSERT INTO shop.orders (id, total, tags) VALUES (?, ?, ?)",
                rows: ids.map { [.uuid($0), 12.5, ["new", "gift"]] })
            var found: Set<UUID> = []
            let rows = client.rows("SELECT id, total, tags FROM shop.orders", as: Order.self)
            for try await order in rows {
                found.insert(order.id)
                #expect(order.total == 12.5 && order.tags == ["gift", "new"])
            }
            #expect(found == Set(ids))
            let update = "UPDATE shop.orders SET total = ? WHERE id = ? IF total = ?"
            #expect(try await client.execute(update, [10, .uuid(ids[0]), 12.5]).wasApplied == true)
            let second = try await client.execute(update, [11, .uuid(ids[0]), 12.5])
            #expect(second.wasApplied == false && second.rows.first?["total"] == 10.0)
            try await client.batch([
                ("DELETE FROM shop.orders WHERE id = ?", [.uuid(ids[0])]),
                ("DELETE FROM shop.orders WHERE id = ?", [.uuid(ids[1])]),
            ])
            #expect(try await client.execute("SELECT id FROM shop.orders").rows.count == 298)
        }
    }

    @Test func valuesOfAllTypesGoRound() async throws {
        try await stage { client in
            try await client.execute("CREATE TYPE shop.place (street text, zip int)")
            try await client.execute(
                "CREATE TABLE shop.all (k int PRIMARY KEY, t text, b blob, d decimal, ts timestamp, "
                    + "l list<int>, m map<text, boolean>, tu tuple<int, text>, u frozen<place>, "
                    + "i inet, n smallint)")
            let values: [String: StoreValue] = [
                "k": 1, "t": "ü", "b": .bytes([0, 255]), "d": "12.50",
                "ts": .time(Date(timeIntervalSince1970: 1.5)), "l": [1, 2], "m": ["a": true],
                "tu": [7, "x"], "u": ["street": "s", "zip": 9], "i": "10.0.0.1", "n": nil,
            ]
            let names = values.keys.sorted()
            try await client.execute(
                "INSERT INTO shop.all (\(names.joined(separator: ", "))) VALUES "
                    + "(\(names.map { _ in "?" }.joined(separator: ", ")))",
                names.compactMap { values[$0] }, isIdempotent: true)
            let row = try #require(try await client.execute("SELECT * FROM shop.all").rows.first)
            for name in names { #expect(row[name] == values[name]) }
        }
    }

    @Test func errorsSayWhatToDo() async throws {
        try await stage { client in
            let error = await #expect(throws: StoreError.self) {
                try await client.execute("SELECT * FROM shop.nowhere")
            }
            #expect(error?.serverClass == "InvalidRequest" && error?.isRetriable == false)
            try await client.execute("CREATE TABLE shop.t (k int PRIMARY KEY)")
            let wrong = await #expect(throws: StoreError.self) {
                try await client.execute("INSERT INTO shop.t (k) VALUES (?)", ["no number"])
            }
            #expect(wrong?.description.contains("k:") == true)
            #expect(wrong?.description.contains("no number") == false)
        }
        let endpoint = try Endpoint.parse("cassandra://127.0.0.1:1")
        let away = await #expect(throws: StoreError.self) {
            try await StoreClient.connect(endpoint)
        }
        #expect(away?.isRetriable == true)
    }
}
