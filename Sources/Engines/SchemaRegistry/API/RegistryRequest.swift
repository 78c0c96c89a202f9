// One request as the registry sees it: decoded segments, parameters, a JSON body.

import MillraceBase
import MillraceSchemas

struct RegistryRequest: Sendable {
    enum Method: String, Sendable {
        case get = "GET", post = "POST", put = "PUT", delete = "DELETE"
    }

    var method: Method
    var route: RegistryRoute
    var query: [String: String]
    var body: [UInt8] = []

    func flag(_ name: String) -> Bool { query[name]?.lowercased() == "true" }

    func json() throws(APIError) -> JSONValue {
        do throws(JSONError) {
            let value = try JSONParser.parse(body)
            guard value.object != nil else { throw JSONError("an object is expected", at: 0) }
            return value
        } catch {
            throw .badRequest("\(error)")
        }
    }

    /// The part of a list that `offset` and `limit` ask for.
    func page<Item>(_ items: [Item]) throws(APIError) -> [Item] {
        let offset = try number("offset") ?? 0
        let limit = try number("limit") ?? -1
        let count = limit < 0 ? RegistryServerLimits.listItemsMax : limit
        return Array(items.dropFirst(max(0, offset)).prefix(count))
    }

    private func number(_ name: String) throws(APIError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let value = Int(text) else { throw .badRequest("\(name) is not a number") }
        return value
    }

    /// The schema of a body; `normalize` changes nothing, as all schemas are kept normalised.
    func schema() throws(APIError) -> (schema: SchemaDocument, id: Int?, version: Int?) {
        let body = try json()
        let type = body["schemaType"]?.string ?? SchemaKind.avro.rawValue
        guard let kind = SchemaKind(rawValue: type.uppercased()) else {
            throw .invalidSchema("unknown schema type '\(type)'")
        }
        guard let text = body["schema"]?.string, !text.isEmpty else {
            throw .invalidSchema("\"schema\" is missing or empty")
        }
        guard body["references"]?.array?.isEmpty ?? true else {
            throw .invalidSchema("references to other subjects are not supported yet")
        }
        do throws(SchemaError) {
            let document = try SchemaDocument(kind, text)
            let (id, version) = (body["id"]?.int ?? -1, body["version"]?.int ?? -1)
            return (document, id > 0 ? id : nil, version > 0 ? version : nil)
        } catch { throw .invalidSchema("\(error)") }
    }
}

enum RegistryAnswer: Sendable {
    case json(JSONValue)
    /// A schema's own text.
    case text(String)

    var bytes: [UInt8] {
        switch self {
        case .json(let value): value.bytes
        case .text(let text): Array(text.utf8)
        }
    }
}
