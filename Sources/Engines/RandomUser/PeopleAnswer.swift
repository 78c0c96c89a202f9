// The whole answer to a query: people, what they came from, and the format asked for.

import MillraceBase

/// An answer of the API as bytes, before HTTP.
struct PeopleAnswer {
    var contentType: String
    /// The name offered for saving; `nil` when the call did not ask for a download.
    var fileName: String?
    var body: [UInt8]

    /// The answer's JSON; other threads' tasks get their turn after every few people.
    static func json(_ query: RandomUserQuery, now: Int64) async -> [UInt8] {
        let maker = PersonMaker(query, now: now)
        var out = JSONBytes(capacity: 256 + query.results * RandomUserLimits.personBytes)
        out.raw("{\"results\":[")
        for index in 0..<query.results {
            maker.write(person: index, to: &out)
            if index % RandomUserLimits.peoplePerTurn == RandomUserLimits.peoplePerTurn - 1 {
                await Task.yield()
            }
        }
        out.raw("]")
        if query.hasInfo {
            let info: JSONValue = [
                "seed": .string(query.shownSeed), "results": JSONValue(query.results),
                "page": JSONValue(query.page), "version": "1.4",
            ]
            out.raw(",\"info\":\(info.text)")
        }
        out.raw("}")
        return out.bytes
    }

    /// Everything but compact JSON goes by way of a value: it is for eyes, not for speed.
    static func made(for query: RandomUserQuery, now: Int64) async -> PeopleAnswer {
        let json = await json(query, now: now)
        var answer = PeopleAnswer(contentType: "application/json; charset=utf-8", body: json)
        let value =
            query.format == .json ? JSONValue.null : (try? JSONValue(parsing: json)) ?? .null
        switch query.format {
        case .json: break
        case .prettyjson: answer.body = Array(value.prettyText.utf8)
        case .csv:
            answer.contentType = "text/csv; charset=utf-8"
            answer.body = Array(PeopleCSV.text(value["results"]?.array ?? []).utf8)
        case .yaml:
            answer.contentType = "text/x-yaml; charset=utf-8"
            answer.body = Array(PeopleYAML.text(value).utf8)
        case .xml:
            answer.contentType = "text/xml; charset=utf-8"
            answer.body = Array(PeopleXML.text(value).utf8)
        }
        if let callback = query.callback, query.format == .json || query.format == .prettyjson {
            answer.contentType = "application/javascript; charset=utf-8"
            answer.body = Array("\(callback)(".utf8) + answer.body + Array(");".utf8)
        }
        if query.isDownload {
            let ending = query.format == .prettyjson ? "json" : query.format.rawValue
            answer.fileName = "download.\(ending)"
        }
        return answer
    }
}

extension JSONValue {
    /// A leaf as plain text; empty for null, objects and arrays.
    var leafText: String {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: ""
        }
    }
}

/// A table with a line of names; nested members are joined by dots. Source: RFC 4180 for the
/// quotes.
enum PeopleCSV {
    static func text(_ people: [JSONValue]) -> String {
        guard let first = people.first else { return "" }
        var out = leaves(first).map(\.name).joined(separator: ",")
        for person in people {
            out += "\n" + leaves(person).map { quoted($0.value) }.joined(separator: ",")
        }
        return out
    }

    private static func leaves(
        _ value: JSONValue, under name: String = ""
    ) -> [(name: String, value: String)] {
        guard let object = value.object else { return [(name, value.leafText)] }
        return object.members.flatMap { member in
            leaves(member.value, under: name.isEmpty ? member.name : "\(name).\(member.name)")
        }
    }

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}

/// Block style, texts always in double quotes, which YAML 1.2 reads as JSON does.
enum PeopleYAML {
    static func text(_ value: JSONValue) -> String {
        var out = ""
        write(value, depth: 0, to: &out)
        return out
    }

    private static func write(_ value: JSONValue, depth: Int, to out: inout String) {
        let blanks = String(repeating: "  ", count: depth)
        switch value {
        case .object(let object):
            for member in object.members {
                out += "\(blanks)\(member.name):"
                nested(member.value, depth: depth + 1, to: &out)
            }
        case .array(let items):
            for item in items {
                out += "\(blanks)-"
                nested(item, depth: depth + 1, to: &out)
            }
        case .null, .bool, .number, .string: out += "\(blanks)\(value.text)\n"
        }
    }

    private static func nested(_ value: JSONValue, depth: Int, to out: inout String) {
        switch value {
        case .object, .array:
            out += "\n"
            write(value, depth: depth, to: &out)
        case .null, .bool, .number, .string: out += " \(value.text)\n"
        }
    }
}

/// `<user>` around repeated `<results>` and one `<info>`, as the API's own XML.
enum PeopleXML {
    static func text(_ value: JSONValue) -> String {
        var out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<user>\n"
        for member in value.object?.members ?? [] {
            for item in member.value.array ?? [member.value] {
                write(item, named: member.name, depth: 1, to: &out)
            }
        }
        return out + "</user>\n"
    }

    private static func write(
        _ value: JSONValue, named name: String, depth: Int, to out: inout String
    ) {
        let blanks = String(repeating: "  ", count: depth)
        guard let object = value.object else {
            let text = value.leafText.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
                .replacing(">", with: "&gt;")
            out += "\(blanks)<\(name)>\(text)</\(name)>\n"
            return
        }
        out += "\(blanks)<\(name)>\n"
        for member in object.members {
            write(member.value, named: member.name, depth: depth + 1, to: &out)
        }
        out += "\(blanks)</\(name)>\n"
    }
}
