// One row as SELECT JSON gives it.

import CQLProtocol

enum JSONRow {
    /// A member's name as it stands in the row, with its colon.
    static func name(_ name: String) -> String {
        "\"" + JSONValues.escaped(JSONValues.memberName(name)) + "\": "
    }

    static func text(
        _ members: [SelectorPlan.JSONMember], _ scope: SelectScope
    ) throws(StatementError) -> [UInt8] {
        var out = "{"
        for (index, member) in members.enumerated() {
            if index > 0 { out += ", " }
            out += member.name
            out += JSONValues.text(try member.plan.evaluate(scope), member.type)
        }
        return Array((out + "}").utf8)
    }
}
