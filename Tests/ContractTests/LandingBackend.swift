// The landings that the suite runs on, and people to land.

import Foundation
import MillraceBase
import MillraceLanding
import RandomUserClient

/// A place for a landing that outlives the objects that open it.
struct LandingPlace: Sendable {
    private let folder: URL?
    private let endpoint: Endpoint?
    let clock = WallClock.fixed(1_000)

    /// Opens the landing there, once more each time: as another process would after a crash.
    func open() async throws -> any LandingStore {
        let store: any LandingStore
        if let endpoint {
            store = try PostgresLanding(endpoint, clock: clock)
        } else {
            store = try SQLiteLanding(path: path, clock: clock)
        }
        try await store.prepare()
        return store
    }

    /// The SQLite file.
    var path: String { folder?.appending(path: "deep/landing.sqlite").path ?? "" }

    func remove() {
        if let folder { try? FileManager.default.removeItem(at: folder) }
    }

    static func sqlite() throws -> LandingPlace {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "millrace-landing-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return LandingPlace(folder: folder, endpoint: nil)
    }

    static func postgres(_ endpoint: Endpoint) -> LandingPlace {
        LandingPlace(folder: nil, endpoint: endpoint)
    }
}

enum LandingBackend: String, CaseIterable, Sendable {
    case sqlite, postgres

    static var available: [LandingBackend] { LandingPostgres.isAvailable ? allCases : [.sqlite] }

    func place() async throws -> LandingPlace {
        switch self {
        case .sqlite: try .sqlite()
        case .postgres: .postgres(try await LandingPostgres.schema())
        }
    }

    /// Runs `body` on an empty landing.
    func withLanding(
        _ body: (any LandingStore, LandingPlace) async throws -> Void
    ) async throws {
        let place = try await place()
        defer { place.remove() }
        let store = try await place.open()
        try await body(store, place)
        await store.close()
    }
}

enum LandingPeople {
    /// People `numbers`; another `version` has another raw record.
    static func rows(_ numbers: Range<Int>, version: Int = 1) throws -> [PersonRow] {
        try numbers.map { number in
            let text = SourceScratch.record(number, mail: "v\(version)-\(number)@example.com")
            return PersonRow(try PersonRecord.parse(Array(text.utf8)))
        }
    }
}

extension PersonRow {
    init(_ person: PersonRecord) {
        self.init(
            id: person.id, firstName: person.firstName, lastName: person.lastName,
            gender: person.gender, address: person.address, postCode: person.postCode,
            email: person.email, username: person.username, dob: person.dob,
            registeredDate: person.registeredDate, phone: person.phone, picture: person.picture,
            nationality: person.nationality, title: person.title, raw: person.raw,
            value: person.json)
    }
}

extension LandingStore {
    func land(_ rows: [PersonRow], run: String = "run-1") async throws -> UpsertResult {
        try await upsert(rows, fetchedAtMilliseconds: 900, run: run, topic: "users_created")
    }
}
