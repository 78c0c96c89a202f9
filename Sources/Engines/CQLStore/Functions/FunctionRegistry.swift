// Every function of the keyspace `system`, by name.

import CQLProtocol

/// Functions of 5.0 have names with underscores; those that had one without before keep it as well.
enum FunctionRegistry {
    /// Functions with a few signatures.
    static let fixed: [String: [ScalarFunction]] = {
        let all =
            TimeFunctions.all + TimeFunctions.floors + IDFunctions.all + BlobFunctions.all
            + MathFunctions.all + AggregateFunctions.numeric + Casting.named
        return Dictionary(grouping: all, by: \.name)
    }()

    /// Functions whose signatures depend on what they are given.
    static let families: [String: FunctionFamily] = {
        var all: [String: FunctionFamily] = ["token": TokenFunction.family]
        all.merge(CollectionFunctions.families) { first, _ in first }
        all.merge(AggregateFunctions.families) { first, _ in first }
        all.merge(JSONFunctions.families) { first, _ in first }
        all.merge(VectorFunctions.families) { first, _ in first }
        all.merge(MaskFunctions.families) { first, _ in first }
        return all
    }()

    /// Whether a name is that of any function here.
    static func isKnown(_ name: String) -> Bool { fixed[name] != nil || families[name] != nil }

    /// The signature of a family, as a message shows it.
    static func shownFamily(_ name: String) -> String {
        let parameters =
            switch name {
            case "count", "min", "max": "any"
            case "map_keys", "map_values": "map"
            case "collection_count": "collection"
            case "collection_min", "collection_max": "set_or_list"
            case "collection_sum", "collection_avg": "numeric_set_or_list"
            default: "..."
            }
        return "system.\(name)(\(parameters))"
    }
}

/// `to_json` of anything; `from_json`, which only terms that have a receiver can use.
enum JSONFunctions {
    static let families: [String: FunctionFamily] = [
        "to_json": { request throws(StatementError) in try toJSON(request) },
        "tojson": { request throws(StatementError) in try toJSON(request) },
        "from_json": { request throws(StatementError) in try fromJSON(request) },
        "fromjson": { request throws(StatementError) in try fromJSON(request) },
    ]

    private static func toJSON(
        _ request: FunctionRequest
    ) throws(StatementError) -> [ScalarFunction] {
        guard request.arguments.count == 1 else {
            throw .invalid(
                "Invalid number of arguments in call to function system.\(request.name.name): 1 "
                    + "required but \(request.arguments.count) provided")
        }
        guard let type = request.arguments[0].shape.compatibleType else {
            throw .invalid(
                "Cannot infer type of argument \(request.arguments[0].text) in call to function "
                    + "system.\(request.name.name)(any): use type casts to disambiguate")
        }
        return [JSONValues.toJSON(request.name.name, type)]
    }

    private static func fromJSON(
        _ request: FunctionRequest
    ) throws(StatementError) -> [ScalarFunction] {
        guard let receiver = request.receiver else {
            throw .invalid(
                "\(request.name.shownJSONName)() cannot be used in the selection clause of a SELECT "
                    + "statement")
        }
        return [JSONValues.fromJSON(request.name.name, receiver)]
    }
}

/// `now`, `uuid` and the bounds of time UUIDs.
enum IDFunctions {
    static let all: [ScalarFunction] = [
        timeID("now"), timeID("current_timeuuid"), timeID("currenttimeuuid"),
        ScalarFunction(name: "uuid", parameters: [], result: .uuid, isPure: false) { _, _ in
            CQLUUID.random().bytes
        },
        least("min_timeuuid"), least("mintimeuuid"), greatest("max_timeuuid"),
        greatest("maxtimeuuid"),
    ]

    private static func timeID(_ name: String) -> ScalarFunction {
        ScalarFunction(name: name, parameters: [], result: .timeuuid, isPure: false) {
            _, context in
            context.ids.next(milliseconds: context.nowMilliseconds).bytes
        }
    }

    private static func least(_ name: String) -> ScalarFunction {
        ScalarFunction(name: name, parameters: [.timestamp], result: .timeuuid) { arguments, _ in
            TimeParts.milliseconds(arguments[0]).map {
                CQLUUID.time(unixMilliseconds: $0, clockSequenceAndNode: 0x8080_8080_8080_8080)
                    .bytes
            }
        }
    }

    private static func greatest(_ name: String) -> ScalarFunction {
        ScalarFunction(name: name, parameters: [.timestamp], result: .timeuuid) { arguments, _ in
            TimeParts.milliseconds(arguments[0]).map {
                CQLUUID.time(
                    unixMilliseconds: $0, extraTicks: 9999,
                    clockSequenceAndNode: 0x7F7F_7F7F_7F7F_7F7F
                ).bytes
            }
        }
    }
}

/// `int_as_blob` and `blob_as_int`, of every simple type.
enum BlobFunctions {
    static let all: [ScalarFunction] = CQLType.simpleTypes.filter { $0.value != .blob }.flatMap {
        name, type in
        ["\(name)_as_blob", "\(name)asblob"].map { toBlob($0, type) }
            + ["blob_as_\(name)", "blobas\(name)"].map { fromBlob($0, type) }
    }

    private static func toBlob(_ name: String, _ type: CQLType) -> ScalarFunction {
        ScalarFunction(name: name, parameters: [type], result: .blob) { arguments, _ in
            arguments[0]
        }
    }

    private static func fromBlob(_ name: String, _ type: CQLType) -> ScalarFunction {
        ScalarFunction(name: name, parameters: [.blob], result: type) {
            (arguments, _) throws(StatementError) in
            guard let bytes = arguments[0] else { return nil }
            do throws(StatementError) {
                try bytes.check(as: type)
            } catch {
                let most = StoreLimits.shownBytesMax
                let shown = bytes.prefix(most).hexText + (bytes.count > most ? "…" : "")
                throw .invalid(
                    "In call to function system.\(name), value 0x\(shown) is not a valid "
                        + "binary representation for type \(type)")
            }
            return bytes
        }
    }
}
