// What the registry refuses, with Confluent's codes. Source: reference/kafka.md C1.

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
    static let tooLarge = APIError(413, 413, "the request is too large")

    static func badRequest(_ why: String) -> APIError { APIError(400, 400, why) }

    static func subjectNotFound(_ subject: String) -> APIError {
        APIError(404, 40401, "Subject '\(subject)' not found.")
    }
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
            "Subject '\(subject)' was soft deleted. Set permanent=true to delete permanently")
    }
    static func subjectNotSoftDeleted(_ subject: String) -> APIError {
        APIError(
            404, 40405,
            "Subject '\(subject)' was not deleted first before being permanently deleted")
    }
    static func versionSoftDeleted(_ subject: String, _ version: Int) -> APIError {
        APIError(
            404, 40406,
            "Subject '\(subject)' Version \(version) was soft deleted. "
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
    static func incompatible(_ subject: String, _ messages: [String]) -> APIError {
        APIError(
            409, 40901,
            "Schema being registered is incompatible with an earlier schema for subject "
                + "\"\(subject)\", details: [\(messages.joined(separator: ", "))]")
    }
    static func invalidSchema(_ why: String) -> APIError {
        APIError(422, 42201, "Invalid schema: \(why)")
    }
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
        422, 42204,
        "Invalid mode. Valid values are READWRITE, READONLY, READONLY_OVERRIDE, IMPORT, FORWARD")
    static func notPermitted(_ why: String) -> APIError { APIError(422, 42205, why) }
    static func idMismatch(_ id: Int) -> APIError {
        APIError(422, 42207, "Overwrite new schema with id \(id) is not permitted.")
    }
    static func invalidSubject(_ subject: String) -> APIError {
        APIError(422, 42208, "The specified subject '\(subject)' is not a valid.")
    }
    static func storageFailure(_ why: String) -> APIError {
        APIError(500, 50001, "Error in the backend data store: \(why)")
    }
    static func storageTimeout(_ why: String) -> APIError {
        APIError(500, 50002, "Operation timed out: \(why)")
    }
}
