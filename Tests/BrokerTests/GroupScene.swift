// A group machine on a stage: short ways to let members act, and to read what came of it.

import KafkaProtocol

@testable import MillraceBroker

extension GroupRules {
    /// The first member of a group does not wait for others: these tests have clocks that stand still.
    static var withoutDelay: GroupRules {
        var rules = GroupRules()
        rules.initialRebalanceDelayMilliseconds = 0
        return rules
    }
}

/// One machine with a clock that the test turns, and every answer that was given, by ticket.
struct GroupScene {
    var machine: GroupMachine
    var now: Int64 = 1_000
    var joins: [GroupTicket: JoinGroupResponse] = [:]
    var syncs: [GroupTicket: SyncGroupResponse] = [:]
    /// The kept records' generations and member counts, in order.
    var kept: [GroupStoredRecord] = []
    private var ticket: GroupTicket = 0

    init(initialDelayMilliseconds: Int64 = 0) {
        var rules = GroupRules()
        rules.initialRebalanceDelayMilliseconds = initialDelayMilliseconds
        machine = GroupMachine(groupID: "g", rules: rules)
    }

    mutating func perform(_ actions: [GroupMachine.Action]) {
        for action in actions {
            switch action {
            case .answerJoin(let ticket, let answer):
                precondition(joins[ticket] == nil, "a join was answered twice")
                joins[ticket] = answer
            case .answerSync(let ticket, let answer):
                precondition(syncs[ticket] == nil, "a sync was answered twice")
                syncs[ticket] = answer
            case .persist:
                kept.append(machine.metadataRecord(nowMilliseconds: now))
            }
        }
    }

    /// - Parameters:
    ///   - id: the member's id; "" for one that has none.
    ///   - fresh: the id it is given then.
    /// - Returns: the ticket of its answer.
    @discardableResult
    mutating func join(
        _ id: String, fresh: String = "", instance: String? = nil, offers: [String] = ["range"],
        metadata: [UInt8] = [], type: String = "consumer", needsID: Bool = false,
        session: Int32 = 10_000, rebalance: Int32 = 60_000, canSkip: Bool = true
    ) -> GroupTicket {
        ticket += 1
        let request = JoinGroupRequest {
            $0.groupID = "g"
            $0.memberID = id
            $0.groupInstanceID = instance
            $0.protocolType = type
            $0.sessionTimeoutMilliseconds = session
            $0.rebalanceTimeoutMilliseconds = rebalance
            $0.protocols = offers.map { name in
                JoinGroupRequest.GroupProtocol {
                    $0.name = name
                    $0.metadata = metadata.isEmpty ? Array(name.utf8) : metadata
                }
            }
        }
        let context = JoinContext(
            requiresMemberID: needsID, canSkipAssignment: canSkip, newMemberID: fresh,
            ticket: ticket, now: now)
        perform(machine.join(request, context))
        return ticket
    }

    @discardableResult
    mutating func sync(
        _ id: String, generation: Int32? = nil, instance: String? = nil,
        assignments: [String: [UInt8]] = [:], name: String? = nil
    ) -> GroupTicket {
        ticket += 1
        let request = SyncGroupRequest {
            $0.groupID = "g"
            $0.memberID = id
            $0.groupInstanceID = instance
            $0.generationID = generation ?? machine.generation
            $0.protocolName = name
            $0.assignments = assignments.map { id, bytes in
                SyncGroupRequest.Assignment {
                    $0.memberID = id
                    $0.assignment = bytes
                }
            }
        }
        perform(machine.sync(request, ticket: ticket, now: now))
        return ticket
    }

    mutating func heartbeat(
        _ id: String, generation: Int32? = nil, instance: String? = nil
    ) -> KafkaErrorCode {
        let request = HeartbeatRequest {
            $0.memberID = id
            $0.groupInstanceID = instance
            $0.generationID = generation ?? machine.generation
        }
        return machine.heartbeat(request, now: now)
    }

    @discardableResult
    mutating func leave(_ id: String, instance: String? = nil) -> KafkaErrorCode {
        let leaving = LeaveGroupRequest.MemberIdentity {
            $0.memberID = id
            $0.groupInstanceID = instance
        }
        let result = machine.leave([leaving], now: now)
        perform(result.actions)
        return result.errors[0]
    }

    mutating func pass(_ milliseconds: Int64) {
        now += milliseconds
        perform(machine.timePassed(now: now))
    }

    /// A stable group of dynamic members, the first of them leading; each is assigned its own name.
    static func stable(_ ids: [String]) -> GroupScene {
        var scene = GroupScene()
        for id in ids { scene.join("", fresh: id) }
        for id in ids where scene.machine.state != .completingRebalance { scene.join(id) }
        let all = Dictionary(uniqueKeysWithValues: ids.map { ($0, Array($0.utf8)) })
        for id in ids { scene.sync(id, assignments: all) }
        precondition(scene.machine.state == .stable, "the scene is not set")
        return scene
    }
}
