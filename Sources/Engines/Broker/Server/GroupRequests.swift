// The requests of consumer groups, handed to the coordinator, and where the coordinator is.

import KafkaProtocol
import MillraceBase

extension BrokerCore {
    /// The APIs of KIP-848 groups that are served.
    static let group848Keys: [ApiKey] = [.consumerGroupHeartbeat, .consumerGroupDescribe]

    func handleGroup(_ request: IncomingRequest, _ reply: Reply) throws(WireError) {
        let version = reply.header.apiVersion
        switch request.key {
        case .findCoordinator:
            findCoordinator(try read(request), reply)
        case .joinGroup:
            let join: JoinGroupRequest = try read(request)
            guard mayRead(join.groupID, reply) else {
                let refusal = JoinGroupResponse {
                    $0.errorCode = .groupAuthorizationFailed
                    // Null is known from version 7 on.
                    $0.protocolName = version < 7 ? "" : nil
                }
                return reply.send(JoinGroupRequest.self, refusal)
            }
            let clientID = reply.header.clientID ?? ""
            answer(JoinGroupRequest.self, reply) { coordinator in
                await coordinator.join(
                    join, version: version, clientID: clientID, clientHost: reply.clientHost)
            }
        case .syncGroup:
            let sync: SyncGroupRequest = try read(request)
            guard mayRead(sync.groupID, reply) else {
                let refusal = SyncGroupResponse { $0.errorCode = .groupAuthorizationFailed }
                return reply.send(SyncGroupRequest.self, refusal)
            }
            answer(SyncGroupRequest.self, reply) { await $0.sync(sync) }
        case .heartbeat:
            let heartbeat: HeartbeatRequest = try read(request)
            guard mayRead(heartbeat.groupID, reply) else {
                let refusal = HeartbeatResponse { $0.errorCode = .groupAuthorizationFailed }
                return reply.send(HeartbeatRequest.self, refusal)
            }
            answer(HeartbeatRequest.self, reply) { await $0.heartbeat(heartbeat) }
        case .leaveGroup:
            let leave: LeaveGroupRequest = try read(request)
            guard mayRead(leave.groupID, reply) else {
                let refusal = LeaveGroupResponse { $0.errorCode = .groupAuthorizationFailed }
                return reply.send(LeaveGroupRequest.self, refusal)
            }
            answer(LeaveGroupRequest.self, reply) { await $0.leave(leave, version: version) }
        case .offsetCommit:
            let commit: OffsetCommitRequest = try read(request)
            answer(OffsetCommitRequest.self, reply) { await self.commit(commit, reply, $0) }
        case .offsetFetch:
            let fetch: OffsetFetchRequest = try read(request)
            answer(OffsetFetchRequest.self, reply) {
                await self.fetchOffsets(fetch, reply, $0)
            }
        case .consumerGroupHeartbeat:
            let heartbeat: ConsumerGroupHeartbeatRequest = try read(request)
            if let refusal = refusal(heartbeat, reply) {
                return reply.send(ConsumerGroupHeartbeatRequest.self, refusal)
            }
            let clientID = reply.header.clientID ?? ""
            answer(ConsumerGroupHeartbeatRequest.self, reply) { coordinator in
                await coordinator.consumerHeartbeat(
                    heartbeat, version: version, clientID: clientID, clientHost: reply.clientHost,
                    maySee: self.topicSight(reply))
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
            answer(DescribeGroupsRequest.self, reply) {
                await self.describe(describe, reply, $0)
            }
        case .consumerGroupDescribe:
            let describe: ConsumerGroupDescribeRequest = try read(request)
            answer(ConsumerGroupDescribeRequest.self, reply) {
                await self.describe(describe, reply, $0)
            }
        case .listGroups:
            let list: ListGroupsRequest = try read(request)
            answer(ListGroupsRequest.self, reply) { self.visible(await $0.list(list), reply) }
        case .deleteGroups:
            let delete: DeleteGroupsRequest = try read(request)
            answer(DeleteGroupsRequest.self, reply) { await self.delete(delete, reply, $0) }
        case .offsetDelete:
            let delete: OffsetDeleteRequest = try read(request)
            answer(OffsetDeleteRequest.self, reply) { await self.deleteOffsets(delete, reply, $0) }
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

    /// Groups and transactions have their coordinator here; share groups, which are not served, do not.
    private func findCoordinator(_ request: FindCoordinatorRequest, _ reply: Reply) {
        let isOld = reply.header.apiVersion < 4
        let found = (isOld ? [request.key] : request.coordinatorKeys).map { key in
            coordinator(of: key, type: request.keyType, reply)
        }
        let response = FindCoordinatorResponse {
            guard isOld, let one = found.first else {
                $0.coordinators = found
                return
            }
            $0.errorCode = one.errorCode
            $0.errorMessage = one.errorMessage
            $0.nodeID = one.nodeID
            $0.host = one.host
            $0.port = one.port
        }
        reply.send(FindCoordinatorRequest.self, response)
    }

    private func coordinator(
        of key: String, type: Int8, _ reply: Reply
    ) -> FindCoordinatorResponse.Coordinator {
        FindCoordinatorResponse.Coordinator {
            $0.key = key
            $0.nodeID = -1
            $0.port = -1
            switch type {
            case 0 where !maySee(key, reply): $0.errorCode = .groupAuthorizationFailed
            case 1 where !allows(reply, .describe, .transactionalID(key)):
                $0.errorCode = .transactionalIDAuthorizationFailed
            case 0, 1:
                $0.nodeID = configuration.nodeID
                ($0.host, $0.port) = advertised(for: reply)
            default:
                $0.errorCode = .invalidRequest
                $0.errorMessage = "only groups and transactions have coordinators here"
            }
        }
    }
}
