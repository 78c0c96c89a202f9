// The landing stage: a SQLite file, or a PostgreSQL database.

import MillraceBase
import MillraceLanding

extension Stack {
    static func landing(
        _ settings: Settings, data: DataDirectory
    ) async throws -> (StageInPlay, any LandingStore) {
        let endpoint = settings.endpoint("landing")
        let place = settings.place(of: "landing")
        do {
            switch endpoint.scheme {
            case "sqlite", "embedded":
                let path = endpoint.path.isEmpty ? data.path("landing.sqlite") : endpoint.path
                let landing = try SQLiteLanding(path: path)
                try await landing.prepare()
                return (
                    StageInPlay(
                        name: .landing, address: Endpoint(scheme: "sqlite", path: path),
                        policy: "synchronous=FULL: each transaction is on disk when it is done"),
                    landing
                )
            case "postgres", "postgresql":
                let landing = try PostgresLanding(endpoint)
                try await landing.prepare()
                return (
                    StageInPlay(
                        name: .landing, address: endpoint, policy: "as that server says"),
                    landing
                )
            default:
                throw Failure(
                    "no landing speaks \"\(endpoint.scheme)\"", at: place,
                    next:
                        "--landing sqlite:PATH or --landing postgres://user:password@host/database")
            }
        } catch let error as LandingError {
            throw Failure(
                "the landing cannot be used", at: place, because: error.description,
                next: "millrace doctor, or --landing sqlite: for a file in the data directory")
        }
    }
}
