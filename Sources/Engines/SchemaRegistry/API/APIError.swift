// What the registry refuses, with Confluent's codes and sentences.
// Source: reference/kafka.md C1; Confluent's rest/exceptions.

/// An answer other than success: HTTP status, error code, one sentence.
struct APIError: Error, Sendable, Equatable {
    var status: Int
    var code: Int
    var message: String

    init(_ status: Int, _ code: Int, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    static let notFound = APIError(404, 404, "HTTP 404 Not Found")
    static let methodNotAllowed = APIError(405, 405, "HTTP 405 Method Not Allowed")
    static let notAcceptable = APIError(406, 406, "HTTP 406 Not Acceptable")
    static let unsupportedMediaType = APIError(415, 415, "HTTP 415 Unsupported Media Type")
    static let unauthorized = APIError(401, 401, "Unauthorized")
    static let foreignOrigin = APIError(403, 403, "a page of another origin may not do this")

    static func badRequest(_ why: String) -> APIError { APIError(400, 400, why) }
    static let missingBody = APIError(422, 422, "the body may not be empty")

    // MARK: - 404

    static func subjectNotFound(_ subject: String) -> APIError {
        APIError(404, 40401, "Subject '\(subject)' not found.")
    }
    /// - Parameter version: -1 for the latest.
    static func versionNotFound(_ version: Int) -> APIError {
        APIError(404, 40402, "Version \(version) not found.")
    }
    static let schemaNotFound = APIError(404, 40403, "Schema not found")
    static func schemaNotFound(_ id: String) -> APIError {
        APIError(404, 40403, "Schema \(id) not found")
    }
    static func subjectSoftDeleted(_ subject: String) -> APIError {
        APIError(
            404, 40404,
            "Subject '\(subject)' was soft deleted.Set permanent=true to delete permanently")
    }
    static func subjectNotSoftDeleted(_ subject: String) -> APIError {
        APIError(
            404, 40405,
            "Subject '\(subject)' was not deleted first before being permanently deleted")
    }
    static func versionSoftDeleted(_ subject: String, _ version: String) -> APIError {
        APIError(
            404, 40406,
            "Subject '\(subject)' Version \(version) was soft deleted."
                + "Set permanent=true to delete permanently")
    }
    static func versionNotSoftDeleted(_ subject: String, _ version: Int) -> APIError {
        APIError(
            404, 40407,
            "Subject '\(subject)' Version \(version) was not deleted first before being "
                + "permanently deleted")
    }
    static func noSubjectLevel(_ subject: String) -> APIError {
        APIError(
            404, 40408,
            "Subject '\(subject)' does not have subject-level compatibility configured")
    }
    static func noSubjectMode(_ subject: String) -> APIError {
        APIError(404, 40409, "Subject '\(subject)' does not have subject-level mode configured")
    }

    // MARK: - 409 and 422

    static func incompatible(_ subject: String, _ messages: [String]) -> APIError {
        APIError(
            409, 40901,
            "Schema being registered is incompatible with an earlier schema for subject "
                + "\"\(subject)\", details: [\(messages.joined(separator: ", "))]")
    }
    static func invalidSchema(_ why: String) -> APIError { APIError(422, 42201, why) }
    static let emptySchema = APIError(422, 42201, "Empty schema")
    static func invalidVersion(_ version: String) -> APIError {
        APIError(
            422, 42202,
            "The specified version '\(version)' is not a valid version id. Allowed values are "
                + "between [1, 2^31-1] and the string \"latest\"")
    }
    static let invalidLevel = APIError(
        422, 42203,
        "Invalid compatibility level. Valid values are none, backward, forward, full, "
            + "backward_transitive, forward_transitive, and full_transitive")
    static let invalidMode = APIError(
        422, 42204, "Invalid mode. Valid values are READWRITE, READONLY, and IMPORT.")
    static func notPermitted(_ why: String) -> APIError { APIError(422, 42205, why) }
    static func readOnly(_ subject: String?) -> APIError {
        .notPermitted("Subject \(place(subject)) is in read-only mode")
    }
    static func notInMode(_ subject: String, _ mode: String) -> APIError {
        .notPermitted("Subject \(place(subject)) is not in \(mode) mode")
    }
    static func idTaken(_ id: Int, context: String) -> APIError {
        .notPermitted(
            "Overwrite new schema with id \(id) in context "
                + "\(QualifiedSubject.prefix(of: context)) is not permitted.")
    }
    private static func place(_ subject: String?) -> String {
        let context = subject.map { QualifiedSubject($0).contextPrefix } ?? ""
        return "\(subject ?? "null") in context \(context)"
    }
    static func referenced(_ version: SchemaVersion) -> APIError {
        APIError(
            422, 42206,
            "One or more references exist to the schema {magic=1,keytype=SCHEMA,"
                + "subject=\(version.subject),version=\(version.version)}.")
    }
    static func invalidSubject(_ subject: String) -> APIError {
        APIError(422, 42208, "The specified subject '\(subject)' is not a valid.")
    }
    static let schemaTooLarge = APIError(
        422, 42209, "Register operation failed because schema is too large")
    static func invalidRuleSet(_ why: String) -> APIError { APIError(422, 42210, why) }
    static func contextNotEmpty(_ context: String) -> APIError {
        APIError(422, 42211, "The specified context '\(context)' is not empty.")
    }

    // MARK: - 500

    static func storageFailure(_ why: String) -> APIError {
        APIError(500, 50001, "Error in the backend data store: \(why)")
    }
    static func storageTimeout(_ why: String) -> APIError {
        APIError(500, 50002, "Operation timed out: \(why)")
    }
}
