// Why a call to the API brought no answer of use.

import MillraceBase

/// A refusal of the API, or no answer at all.
package struct AirflowError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The URL is no `http://…`, or nobody answers there.
        case unreachable
        /// 401 and 403: a wrong user or password, or none.
        case unauthorized
        case notFound
        /// 409: a run with this id or logical date exists.
        case conflict
        /// 400 and 422: what was asked for cannot be.
        case refused
        /// Any other status.
        case failed
        /// An answer that is not what the API promises.
        case badAnswer
    }

    package var kind: Kind
    /// HTTP's; 0 when there was no answer.
    package var status: Int
    /// Airflow's own `detail`, its list of 422 as one sentence.
    package var detail: String
    /// The call's path.
    package var path: String

    package var description: String {
        status == 0 ? "no answer: \(detail)" : "\(detail) (HTTP \(status))"
    }

    init(_ kind: Kind, _ detail: String, path: String) {
        self.kind = kind
        self.status = kind == .badAnswer ? 200 : 0
        self.detail = detail
        self.path = path
    }

    /// - Parameter answer: the body, when it is JSON.
    init(status: Int, answer: JSONValue?, text: String, path: String) {
        kind =
            switch status {
            case 401, 403: .unauthorized
            case 404: .notFound
            case 409: .conflict
            case 400, 422: .refused
            default: .failed
            }
        self.status = status
        self.detail = Self.detail(in: answer) ?? text
        self.path = path
    }

    /// `{"detail":"…"}`, or the list of 422: each item says where and what.
    static func detail(in answer: JSONValue?) -> String? {
        if let text = answer?["detail"]?.string { return text }
        guard let problems = answer?["detail"]?.array else { return nil }
        return problems.map { problem in
            let place = (problem["loc"]?.array ?? []).map { $0.string ?? $0.text }
                .joined(separator: ".")
            let message = problem["msg"]?.string ?? problem.text
            return place.isEmpty ? message : "\(place): \(message)"
        }.joined(separator: "; ")
    }
}
