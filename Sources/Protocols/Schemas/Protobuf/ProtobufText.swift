// A .proto file written down again, in the form that Schema Registry keeps.
// Source: Confluent's ProtobufSchemaUtils.java and Wire's elements, for order and white space.

/// Two blanks a level, no comments; enums after messages.
struct ProtobufText {
    private var lines: [String] = []
    private var indent = ""
    /// Says full names; `nil` for a text that is not normalized.
    private let names: ProtobufNames?
    /// The message around, as a full name.
    private var scope: String
    /// Editions reserve names without quotes.
    private let isEdition: Bool

    /// - Parameter names: of the file's types, for the normalized form: type names in full, and
    ///   imports, options, fields, constants and reserved numbers in order.
    static func of(_ file: ProtobufFile, normalizedBy names: ProtobufNames?) -> String {
        var writer = ProtobufText(names: names, file: file)
        writer.write(file)
        return writer.lines.joined(separator: "\n") + (writer.lines.isEmpty ? "" : "\n")
    }

    private init(names: ProtobufNames?, file: ProtobufFile) {
        self.names = names
        scope = file.package ?? ""
        if case .edition = file.syntax { isEdition = true } else { isEdition = false }
    }

    private var isNormalized: Bool { names != nil }

    private mutating func line(_ text: String) {
        for part in text.split(separator: "\n", omittingEmptySubsequences: false) {
            lines.append(indent + part)
        }
    }

    /// Sections stand apart; inside braces the first one follows the brace's line. Blanks at the
    /// end of an empty line are Schema Registry's own: it indents each line of a block.
    private mutating func gap() { lines.append(String(indent.dropLast(2))) }

    private mutating func block(_ head: String, _ body: (inout Self) -> Void) {
        let start = lines.count
        let outer = indent
        line(head + " {")
        indent += "  "
        body(&self)
        indent = outer
        if lines.count == start + 1 { lines[start] += "}" } else { line("}") }
    }

    private mutating func write(_ file: ProtobufFile) {
        switch file.syntax {
        case .proto2: line("syntax = \"proto2\";")
        case .proto3: line("syntax = \"proto3\";")
        case .edition(let edition): line("edition = \"\(edition)\";")
        case nil: break
        }
        if let package = file.package { line("package \(package);") }
        writeImports(file)
        if !file.options.isEmpty { gap() }
        for option in sorted(file.options) { line("option \(text(option));") }
        if !file.types.isEmpty { gap() }
        write(file.types)
        if !file.extends.isEmpty { gap() }
        for extend in file.extends { write(extend) }
        if !file.services.isEmpty { gap() }
        for service in file.services { write(service) }
    }

    private mutating func writeImports(_ file: ProtobufFile) {
        let groups = [
            ("", file.imports), ("public ", file.publicImports), ("weak ", file.weakImports),
        ]
        if groups.contains(where: { !$0.1.isEmpty }) { gap() }
        for (kind, paths) in groups {
            for path in isNormalized ? Set(paths).sorted() : paths {
                line("import \(kind)\"\(path)\";")
            }
        }
    }

    private mutating func write(_ types: [ProtobufType]) {
        for case .message(let message) in types {
            // The normal form of a map field needs no message.
            if isNormalized, message.isMapEntry { continue }
            write(message, head: "message \(message.name)")
        }
        for case .enumeration(let enumeration) in types { write(enumeration) }
    }

    private mutating func write(_ message: ProtobufMessage, head: String) {
        let outer = scope
        scope = scope.isEmpty ? message.name : "\(scope).\(message.name)"
        block(head) { writer in writer.writeSections(of: message) }
        scope = outer
    }

    private mutating func writeSections(of message: ProtobufMessage) {
        var isFirst = true
        func section(_ writer: inout Self, _ isEmpty: Bool) -> Bool {
            if isEmpty { return false }
            if !isFirst { writer.gap() }
            isFirst = false
            return true
        }
        if section(&self, message.reserved.isEmpty) { write(message.reserved) }
        if section(&self, message.options.isEmpty) { writeStatements(message.options) }
        if section(&self, message.fields.isEmpty) {
            for field in sorted(message.fields) { write(field) }
        }
        if section(&self, message.oneofs.isEmpty) {
            for oneof in sorted(message.oneofs) { write(oneof) }
        }
        if section(&self, message.groups.isEmpty) { for group in message.groups { write(group) } }
        if section(&self, message.extensions.isEmpty) {
            for extensions in message.extensions { write(extensions) }
        }
        if section(&self, message.extends.isEmpty) {
            for extend in message.extends { write(extend) }
        }
        let shown = message.types.filter {
            if case .message(let inner) = $0, isNormalized { !inner.isMapEntry } else { true }
        }
        if section(&self, shown.isEmpty) { write(shown) }
    }

    private mutating func write(_ statements: [[ProtobufReserved]]) {
        let lists =
            isNormalized
            ? statements.joined().sorted(by: Self.comesFirst).map { [$0] }
            : statements
        for entries in lists {
            line("reserved \(entries.map(text).joined(separator: ", "));")
        }
    }

    /// Numbers before names.
    private static func comesFirst(_ a: ProtobufReserved, _ b: ProtobufReserved) -> Bool {
        switch (a, b) {
        case (.numbers(let x), .numbers(let y)): x.lowerBound < y.lowerBound
        case (.numbers, .name): true
        case (.name, .numbers): false
        case (.name(let x), .name(let y)): x < y
        }
    }

    private func text(_ entry: ProtobufReserved) -> String {
        switch entry {
        case .name(let name): isEdition ? name : "\"\(name)\""
        case .numbers(let range):
            range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        }
    }
}

// MARK: - Members

extension ProtobufText {
    private func sorted(_ fields: [ProtobufField]) -> [ProtobufField] {
        isNormalized ? fields.sorted { $0.number < $1.number } : fields
    }

    private func sorted(_ oneofs: [ProtobufOneof]) -> [ProtobufOneof] {
        guard isNormalized else { return oneofs }
        return oneofs.filter { !$0.fields.isEmpty || !$0.groups.isEmpty }
            .map { oneof in
                var oneof = oneof
                oneof.fields.sort { $0.number < $1.number }
                return oneof
            }
            .sorted { ($0.fields.first?.number ?? 0) < ($1.fields.first?.number ?? 0) }
    }

    private func sorted(_ options: [ProtobufOption]) -> [ProtobufOption] {
        guard isNormalized else { return options }
        return options.enumerated()
            .sorted { ($0.element.name, $0.offset) < ($1.element.name, $1.offset) }
            .map(\.element)
    }

    private mutating func writeStatements(_ options: [ProtobufOption]) {
        for option in sorted(options) { line("option \(text(option));") }
    }

    private mutating func write(_ field: ProtobufField) {
        let type = names?.normalType(field.type, in: scope) ?? field.type
        var isMap = false
        if case .map = type { isMap = true }
        let label = isNormalized && isMap ? nil : field.label
        var options = field.options
        if let value = field.defaultValue {
            options.append(ProtobufOption(name: "default", value: Self.value(value, of: type)))
        }
        if let name = field.jsonName {
            options.append(ProtobufOption(name: "json_name", value: .string(name)))
        }
        line(
            (label.map { "\($0.rawValue) " } ?? "")
                + "\(type.text) \(field.name) = \(field.number)\(brackets(options));")
    }

    private static func value(_ text: String, of type: ProtobufFieldType) -> ProtobufOptionValue {
        guard case .name(let name) = type else { return .constant(text) }
        switch ProtobufScalar(rawValue: name) {
        case .string, .bytes: return .string(text)
        case .bool: return .boolean(text == "true")
        case .double, .float, .int32, .int64, .uint32, .uint64, .sint32, .sint64, .fixed32,
            .fixed64, .sfixed32, .sfixed64:
            return .number(text)
        case nil: return .constant(text)
        }
    }

    private mutating func write(_ oneof: ProtobufOneof) {
        block("oneof \(oneof.name)") { writer in
            writer.writeStatements(oneof.options)
            if !oneof.options.isEmpty, !oneof.fields.isEmpty { writer.gap() }
            for field in oneof.fields { writer.write(field) }
            for group in oneof.groups { writer.write(group) }
        }
    }

    private mutating func write(_ group: ProtobufGroup) {
        let label = group.label.map { "\($0.rawValue) " } ?? ""
        write(
            group.body,
            head: "\(label)group \(group.body.name) = \(group.number)\(brackets(group.options))")
    }

    private mutating func write(_ extensions: ProtobufExtensions) {
        let ranges = extensions.ranges.map { range in
            if range.count == 1 { return "\(range.lowerBound)" }
            let isOpen = range.upperBound >= ProtobufLimits.fieldNumberMax
            return "\(range.lowerBound) to \(isOpen ? "max" : "\(range.upperBound)")"
        }
        line("extensions \(ranges.joined(separator: ", "))\(brackets(extensions.options));")
    }

    private mutating func write(_ extend: ProtobufExtend) {
        block("extend \(extend.name)") { writer in
            for field in extend.fields { writer.write(field) }
            for group in extend.groups { writer.write(group) }
        }
    }

    private mutating func write(_ enumeration: ProtobufEnum) {
        var constants = enumeration.constants
        if isNormalized {
            constants.sort { ($0.number, $0.name) < ($1.number, $1.name) }
            // The default stays first: proto3 demands it.
            if enumeration.constants.first?.number == 0 {
                constants =
                    constants.filter { $0.number == 0 }
                    + constants.filter { $0.number != 0 }
            }
        }
        block("enum \(enumeration.name)") { writer in
            writer.write(enumeration.reserved)
            writer.writeStatements(enumeration.options)
            for constant in constants {
                writer.line(
                    "\(constant.name) = \(constant.number)\(writer.brackets(constant.options));")
            }
        }
    }

    private mutating func write(_ service: ProtobufService) {
        block("service \(service.name)") { writer in
            writer.writeStatements(service.options)
            if !service.options.isEmpty, !service.methods.isEmpty { writer.gap() }
            for method in service.methods { writer.write(method) }
        }
    }

    private mutating func write(_ method: ProtobufMethod) {
        let request = names?.normalName(method.request, in: scope) ?? method.request
        let response = names?.normalName(method.response, in: scope) ?? method.response
        let head =
            "rpc \(method.name) (\(method.isRequestStream ? "stream " : "")\(request)) returns "
            + "(\(method.isResponseStream ? "stream " : "")\(response))"
        guard !method.options.isEmpty else { return line("\(head);") }
        block(head) { writer in writer.writeStatements(method.options) }
        lines[lines.count - 1] += ";"
    }
}

// MARK: - Options

extension ProtobufText {
    /// One option stays on the line, more stand below each other.
    private func brackets(_ options: [ProtobufOption]) -> String {
        let texts = sorted(options).map(text)
        if texts.isEmpty { return "" }
        if texts.count == 1 { return " [\(texts[0])]" }
        return " [\n" + texts.map(Self.indented).joined(separator: ",\n") + "\n]"
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { "  " + $0 }.joined(separator: "\n")
    }

    private func text(_ option: ProtobufOption) -> String {
        let name = option.isCustom ? "(\(option.name))" : option.name
        if case .inner(let inner) = option.value { return "\(name).\(text(inner))" }
        return "\(name) = \(text(option.value))"
    }

    private func text(_ value: ProtobufOptionValue) -> String {
        switch value {
        case .string(let text): return Self.quoted(text)
        case .boolean(let value): return value ? "true" : "false"
        case .number(let text), .constant(let text): return text
        case .inner(let option): return text(option)
        case .map(let members):
            if members.isEmpty { return "{\n}" }
            let ordered = isNormalized ? members.sorted { $0.key < $1.key } : members
            let texts = ordered.map { Self.indented("\($0.key): \(text($0.value))") }
            return "{\n" + texts.joined(separator: ",\n") + "\n}"
        case .list(let items):
            if items.isEmpty { return "[\n]" }
            return "[\n" + items.map { Self.indented(text($0)) }.joined(separator: ",\n") + "\n]"
        }
    }

    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{07}": out += "\\a"
            case "\u{08}": out += "\\b"
            case "\u{0C}": out += "\\f"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{0B}": out += "\\v"
            case "\\": out += "\\\\"
            case "'": out += "\\'"
            case "\"": out += "\\\""
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
