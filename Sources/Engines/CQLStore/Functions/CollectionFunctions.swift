// Functions of whole collections. Source: Cassandra's CollectionFcts.

import CQLProtocol

enum CollectionFunctions {
    static let families: [String: FunctionFamily] = [
        "map_keys": { request throws(StatementError) in try mapPart(request, keys: true) },
        "map_values": { request throws(StatementError) in try mapPart(request, keys: false) },
        "collection_count": { request throws(StatementError) in try count(request) },
        "collection_min": { request throws(StatementError) in try aggregate(request, .min) },
        "collection_max": { request throws(StatementError) in try aggregate(request, .max) },
        "collection_sum": { request throws(StatementError) in try aggregate(request, .sum) },
        "collection_avg": { request throws(StatementError) in try aggregate(request, .avg) },
    ]

    private static func onlyArgument(
        _ request: FunctionRequest, _ wanted: String
    ) throws(StatementError) -> CQLType {
        guard request.arguments.count == 1 else {
            throw .invalid(
                "Invalid number of arguments for function system.\(request.name.name)(\(wanted))")
        }
        guard let type = request.arguments[0].shape.compatibleType else {
            throw .invalid(
                "Cannot infer type of argument \(request.arguments[0].text) in call to function "
                    + "system.\(request.name.name)(\(wanted)): use type casts to disambiguate")
        }
        return type
    }

    private static func refused(
        _ request: FunctionRequest, _ type: CQLType, _ wanted: String
    ) -> StatementError {
        let shown =
            switch wanted {
            case "set_or_list": "set or list"
            case "numeric_set_or_list": "numeric set/list"
            default: wanted
            }
        return .invalid(
            "Function system.\(request.name.name) requires a \(shown) argument, but "
                + "found argument \(request.arguments[0].text) of type \(type)")
    }

    private static func mapPart(
        _ request: FunctionRequest, keys: Bool
    ) throws(StatementError) -> [ScalarFunction] {
        let type = try onlyArgument(request, "map")
        guard case .map(let key, let value) = type.withoutOuterFrozen else {
            throw refused(request, type, "map")
        }
        return [
            ScalarFunction(
                name: request.name.name, parameters: [type],
                result: keys ? .set(key) : .list(value)
            ) { arguments, _ in
                guard let map = arguments[0] else { return nil }
                return map.withUnsafeBytes { bytes in
                    let parts = CollectionBytes.mapParts(bytes)
                    var out = RawBytes()
                    out.appendBig(Int32(parts.count / 2))
                    for index in stride(from: keys ? 0 : 1, to: parts.count, by: 2) {
                        if let part = parts[index] {
                            CollectionBytes.appendPart(part, to: &out)
                        }
                    }
                    return out.array
                }
            }
        ]
    }

    private static func count(_ request: FunctionRequest) throws(StatementError) -> [ScalarFunction]
    {
        let type = try onlyArgument(request, "collection")
        switch type.withoutOuterFrozen {
        case .list, .set, .map: break
        default: throw refused(request, type, "collection")
        }
        return [
            ScalarFunction(name: request.name.name, parameters: [type], result: .int) {
                arguments, _ in
                guard let bytes = arguments[0], bytes.count >= 4 else { return nil }
                return Array(bytes[..<4])
            }
        ]
    }

    private static func aggregate(
        _ request: FunctionRequest, _ kind: AggregatePlan.Kind
    ) throws(StatementError) -> [ScalarFunction] {
        let isNumeric = kind == .sum || kind == .avg
        let wanted = isNumeric ? "numeric_set_or_list" : "set_or_list"
        let type = try onlyArgument(request, wanted)
        let element: CQLType
        switch type.withoutOuterFrozen {
        case .list(let inner), .set(let inner): element = inner
        default: throw refused(request, type, wanted)
        }
        guard !isNumeric || Casting.isNumber(element) else { throw refused(request, type, wanted) }
        let plan = AggregatePlan(kind: kind, type: element)
        return [
            ScalarFunction(name: request.name.name, parameters: [type], result: plan.result) {
                (arguments, _) throws(StatementError) in
                guard let bytes = arguments[0] else { return nil }
                var state = AggregateState(plan)
                let parts = bytes.withUnsafeBytes { all in
                    CollectionBytes.elements(all).map { $0.map { Array($0) } }
                }
                for part in parts { try state.add(part) }
                return try state.result()
            }
        ]
    }
}
