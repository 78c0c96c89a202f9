// Which consistency levels a statement can have. All others are the same on one node.
// Source: Cassandra's ConsistencyLevel.validateFor….

import CQLProtocol

enum ConsistencyCheck {
    static func check(
        _ compiled: Compiled, _ level: Consistency, serial: Consistency?
    ) throws(StatementError) {
        switch compiled.kind {
        case .select:
            guard level != .any else {
                throw .invalid("ANY ConsistencyLevel is only supported for writes")
            }
        case .write(let plan): try check([plan], level, serial: serial)
        case .batch(let batch): try check(batch.plans, level, serial: serial)
        case .schema, .use, .describe, .role: break
        }
    }

    static func check(
        _ plans: [WritePlan], _ level: Consistency, serial: Consistency?
    ) throws(StatementError) {
        let isSerial = level == .serial || level == .localSerial
        if plans.contains(where: \.isConditional) {
            if let serial, serial != .serial, serial != .localSerial {
                throw .invalid(
                    "Invalid consistency for conditional update. Must be one of SERIAL or "
                        + "LOCAL_SERIAL")
            }
            guard !isSerial else {
                throw .invalid(
                    "\(level.name) is not supported as conditional update commit consistency. Use "
                        + "ANY if you mean \"make sure it is accepted but I don't care how many "
                        + "replicas commit it for non-SERIAL reads\"")
            }
            return
        }
        if let counter = plans.first(where: \.table.isCounter)?.table {
            guard level != .any else {
                throw .invalid(
                    "Consistency level ANY is not yet supported for counter table \(counter.name)")
            }
            guard !isSerial else {
                throw .invalid("Counter operations are inherently non-serializable")
            }
        }
        guard !isSerial else {
            throw .invalid("You must use conditional updates for serializable writes")
        }
    }
}
