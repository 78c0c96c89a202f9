// The requests of consumer groups, handed to the coordinator, and where the coordinator is.

import KafkaProtocol
import MillraceBase

extension BrokerCore {
    func handleGroup(_ request: IncomingRequest, _ reply: Reply) throws(WireError) {
        let version = reply.header.apiVersion
        switch request.key {
        case .findCoordinator:
            findCoordinator(try read(request), reply)
        case .joinGroup:
            let join: JoinGroupRequest = try read(request)
            let clientID = reply.header.clientID ?? ""
            answer(JoinGroupRequest.self, reply) { coordinator in
                await coordinator.join(
                    join, version: version, clientID: clientID, clientHost: reply.clientHost)
            }
        case .syncGroup:
            let sync: SyncGroupRequest = try read(request)
            answer(SyncGroupRequest.self, reply) { await $0.sync(sync) }
        case .heartbeat:
            let heartbeat: HeartbeatRequest = try read(request)
            answer(HeartbeatRequest.self, reply) { await $0.heartbeat(heartbeat) }
        case .leaveGroup:
            let leave: LeaveGroupRequest = try read(request)
            answer(LeaveGroupRequest.self, reply) { await $0.leave(leave, version: version) }
        case .offsetCommit:
            let commit: OffsetCommitRequest = try read(request)
            answer(OffsetCommitRequest.self, reply) { await $0.commit(commit, version: version) }
        case .offsetFetch:
            let fetch: OffsetFetchRequest = try read(request)
            answer(OffsetFetchRequest.self, reply) {
                await $0.fetchOffsets(fetch, version: version)
            }
        default:
            try handleGroupAdmin(request, reply)
        }
    }

    private func handleGroupAdmin(
        _ request: IncomingRequest, _ reply: Reply
    ) throws(WireError) {
        switch request.key {
        case .describeGroups:
            let describe: DescribeGroupsRequest = try read(request)
            let version = reply.header.apiVersion
            answer(DescribeGroupsRequest.self, reply) {
                await $0.describe(describe, version: version)
            }
        case .listGroups:
            let list: ListGroupsRequest = try read(request)
            answer(ListGroupsRequest.self, reply) { await $0.list(list) }
        case .deleteGroups:
            let delete: DeleteGroupsRequest = try read(request)
            answer(DeleteGroupsRequest.self, reply) { await $0.delete(delete) }
        case .offsetDelete:
            let delete: OffsetDeleteRequest = try read(request)
            answer(OffsetDeleteRequest.self, reply) { await $0.deleteOffsets(delete) }
        default:
            throw WireError(.unsupported(Int(request.header.apiKey)), in: "API key of groups")
        }
    }

    func answer<Request: KafkaRequest>(
        _ type: Request.Type, _ reply: Reply,
        _ ask: @escaping @Sendable (GroupCoordinator) async -> Request.Response
    ) {
        let taken = tasks.submit { [coordinator] in reply.send(type, await ask(coordinator)) }
        if !taken { reply.close() }
    }

    /// Groups have their coordinator here. Transactions are not served: INVALID_REQUEST says so.
    private func findCoordinator(_ request: FindCoordinatorRequest, _ reply: Reply) {
        let isGroup = request.keyType == 0
        let error: KafkaErrorCode = isGroup ? .none : .invalidRequest
        let message = isGroup ? nil : "only groups have coordinators here"
        let response = FindCoordinatorResponse {
            if reply.header.apiVersion < 4 {
                $0.errorCode = error
                $0.errorMessage = message
                $0.nodeID = isGroup ? configuration.nodeID : -1
                $0.host = isGroup ? configuration.hostToAdvertise : ""
                $0.port = isGroup ? advertisedPort : -1
                return
            }
            $0.coordinators = request.coordinatorKeys.map { key in
                FindCoordinatorResponse.Coordinator {
                    $0.key = key
                    $0.errorCode = error
                    $0.errorMessage = message
                    $0.nodeID = isGroup ? configuration.nodeID : -1
                    $0.host = isGroup ? configuration.hostToAdvertise : ""
                    $0.port = isGroup ? advertisedPort : -1
                }
            }
        }
        reply.send(FindCoordinatorRequest.self, response)
    }
}
