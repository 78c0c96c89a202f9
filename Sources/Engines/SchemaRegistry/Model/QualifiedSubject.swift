// A subject with its context: ":.context:subject". Source: Confluent's QualifiedSubject.

/// Contexts keep subjects and ids apart. Their names start with a point; "." is the default one and
/// is not written.
struct QualifiedSubject: Sendable, Hashable {
    var context: String
    var name: String

    static let defaultContext = "."
    /// Level and mode of all contexts; no schemas.
    static let globalContext = ".__GLOBAL"
    /// What a list of all contexts starts with.
    static let wildcard = ":*:"
    private static let reservedNames: Set<String> = ["__GLOBAL", "__EMPTY"]

    init(context: String, name: String) {
        self.context = context
        self.name = name
    }

    /// Every text is one: what has no context is a name of the default context.
    init(_ text: String) {
        if text.hasPrefix(":.") {
            let rest = text.dropFirst()
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            context = String(rest[..<end])
            name = end == rest.endIndex ? "" : String(rest[rest.index(after: end)...])
        } else if text.hasPrefix(Self.wildcard) {
            context = "*"
            name = String(text.dropFirst(Self.wildcard.count))
        } else {
            context = Self.defaultContext
            name = text
        }
    }

    var isInDefaultContext: Bool { context == Self.defaultContext }
    /// A context as a whole; for level and mode.
    var isContext: Bool { name.isEmpty }

    /// ":.context:", and nothing for the default one.
    var contextPrefix: String { Self.prefix(of: context) }
    var text: String { contextPrefix + name }

    static func prefix(of context: String) -> String {
        context == defaultContext ? "" : ":\(context):"
    }

    static func normalized(_ text: String) -> String { QualifiedSubject(text).text }

    /// - Parameter context: with or without its point and colons.
    /// - Returns: `nil` for a name with a colon in it.
    static func prefix(ofGiven context: String) -> String? {
        var context = context[...]
        if context.hasPrefix(":") { context = context.dropFirst() }
        if context.hasSuffix(":") { context = context.dropLast() }
        guard !context.contains(":") else { return nil }
        return prefix(of: context.hasPrefix(".") ? String(context) : ".\(context)")
    }

    /// A name that another subject gave: of its context, when it does not say another.
    func resolved(_ other: String) -> QualifiedSubject {
        var other = QualifiedSubject(other)
        if other.isInDefaultContext { other.context = context }
        return other
    }

    /// - Parameter isSetting: of a level or a mode, which all contexts together have too.
    func isValid(isSetting: Bool) -> Bool {
        let text = text
        let hasControl = text.unicodeScalars.contains {
            $0.value < 0x20 || (0x7F...0x9F).contains($0.value)
        }
        return !hasControl && text.utf8.count <= RegistryServerLimits.subjectBytesMax
            && !Self.reservedNames.contains(name)
            && (isSetting || context != Self.globalContext)
    }
}
