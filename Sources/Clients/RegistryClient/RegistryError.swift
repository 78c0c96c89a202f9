// Why a registry did not do what it was asked.

public enum RegistryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No answer, or only 5xx and 429, after all tries.
    case unreachable(url: String, reason: String)
    /// The registry said no. `code` is its error code: 40401, 42201…
    case refused(code: Int, message: String)
    /// A schema that does not get on with earlier ones; what is wrong, place by place.
    case incompatible(subject: String, messages: [String])
    /// An answer that is not what the API says; where.
    case badAnswer(String)
    case cancelled

    public var isNotFound: Bool {
        if case .refused(let code, _) = self { (40401...40499).contains(code) } else { false }
    }

    /// The name and the password, or the token, are missing or wrong.
    public var isUnauthorized: Bool {
        if case .refused(let code, _) = self { code == 401 || code / 100 == 401 } else { false }
    }

    public var description: String {
        switch self {
        case .unreachable(let url, let reason): "no answer from the registry at \(url): \(reason)"
        case .refused(let code, let message): "the registry refused (\(code)): \(message)"
        case .incompatible(let subject, let messages):
            "the schema is incompatible with earlier ones of \(subject): "
                + messages.joined(separator: "; ")
        case .badAnswer(let place): "the registry's answer is not understood: \(place)"
        case .cancelled: "the call was cancelled"
        }
    }
}
