// A request to the API as values, and what it is answered with. No HTTP library in here.

import MillraceBase

/// One request, its path cut into decoded segments.
struct AirflowRequest: Sendable {
    /// Methods that no path knows are refused before.
    enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    var method: Method
    /// Without `/api/v2`.
    var path: [String]
    private var query: [(name: String, value: String)] = []
    var body: JSONValue?
    /// Whether the client asks for one JSON document a line.
    var wantsLines = false

    init(method: Method, path: [String], query: String = "", body: JSONValue? = nil) {
        self.method = method
        self.path = path
        self.body = body
        self.query = query.split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count == 2 ? halves[1].replacing("+", with: " ") : ""
            return (PercentCoding.decoded(halves[0]), PercentCoding.decoded(value))
        }
    }

    func values(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }

    func value(_ name: String) -> String? { values(name).last }

    func flag(_ name: String) throws(AirflowRefusal) -> Bool? {
        guard let text = value(name) else { return nil }
        switch text.lowercased() {
        case "true", "1": return true
        case "false", "0": return false
        default: throw .invalid(name, "\(name) is true or false", in: "query")
        }
    }

    func number(_ name: String, in range: ClosedRange<Int>) throws(AirflowRefusal) -> Int? {
        guard let text = value(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let bounds = "from \(range.lowerBound) to \(range.upperBound)"
            throw .invalid(name, "\(name) is a number \(bounds)", in: "query")
        }
        return number
    }

    /// Which items of a list: at most `limit` from `offset` on.
    func page() throws(AirflowRefusal) -> (limit: Int, offset: Int) {
        let limit = try number("limit", in: 0...OrchestratorLimits.pageItemsMax)
        let offset = try number("offset", in: 0...Int(Int32.max))
        return (limit ?? OrchestratorLimits.pageItemsDefault, offset ?? 0)
    }

    /// The names of `order_by`, each with whether it is descending.
    var order: [(name: String, isDescending: Bool)] {
        values("order_by").map { text in
            text.hasPrefix("-") ? (String(text.dropFirst()), true) : (text, false)
        }
    }
}

/// A status and a body.
struct AirflowAnswer: Sendable {
    enum Body: Sendable {
        case none
        case json(JSONValue)
        /// One document a line, as they come.
        case lines(AsyncStream<JSONValue>)
    }

    var status: Int
    var body: Body

    static func ok(_ json: JSONValue) -> Self { Self(status: 200, body: .json(json)) }
    static let noContent = Self(status: 204, body: .none)
}

/// An answer that says why not, in the shape of Airflow's.
struct AirflowRefusal: Error, Sendable {
    var status: Int
    var detail: JSONValue

    init(_ status: Int, _ detail: String) {
        self.status = status
        self.detail = .string(detail)
    }

    private init(status: Int, detail: JSONValue) {
        self.status = status
        self.detail = detail
    }

    static let notFound = Self(404, "Not Found")
    static let methodNotAllowed = Self(405, "Method Not Allowed")

    /// A field of the body or the query with a value that it cannot have.
    static func invalid(_ field: String, _ message: String, in place: String = "body") -> Self {
        Self(
            status: 422,
            detail: [
                [
                    "type": "value_error", "loc": [.string(place), .string(field)],
                    "msg": .string(message),
                ]
            ])
    }

    init(_ error: OrchestratorError) {
        switch error {
        case .unknownDAG, .unknownRun, .unknownTask: self.init(404, error.description)
        case .runExists: self.init(409, error.description)
        case .badConfiguration, .badRequest: self.init(400, error.description)
        case .tooManyRuns: self.init(429, error.description)
        case .stopping: self.init(503, error.description)
        case .portTaken, .cannotListen, .unsupportedMetadata, .metadata, .newerMetadata, .badDAG:
            self.init(500, error.description)
        }
    }

    var json: JSONValue { ["detail": detail] }
}
