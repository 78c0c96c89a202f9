// Requests as values: paths, queries, and refusals in Airflow's shapes.

import MillraceBase
import Testing

@testable import MillraceOrchestrator

@Suite("AirflowRequest")
struct AirflowRequestTests {
    @Test func readsQueries() throws {
        let request = AirflowRequest(
            method: .get, path: ["dags"],
            query:
                "limit=5&offset=10&state=running&state=failed&order_by=-run_after&paused=True&x=a%20b+c"
        )
        let page = try request.page()
        #expect(page.limit == 5 && page.offset == 10)
        #expect(request.values("state") == ["running", "failed"])
        #expect(
            request.order.first?.name == "run_after" && request.order.first?.isDescending == true)
        #expect(try request.flag("paused") == true)
        #expect(request.value("x") == "a b c")
    }

    @Test(arguments: ["limit=-1", "limit=1001", "limit=x", "offset=-1"])
    func refusesBadPages(query: String) {
        let request = AirflowRequest(method: .get, path: [], query: query)
        let refusal = #expect(throws: AirflowRefusal.self) { try request.page() }
        #expect(refusal?.status == 422)
        let item = refusal?.json["detail"]?[0]
        #expect(item?["loc"]?[0] == "query")
        #expect(item?["msg"]?.string?.contains("from 0 to") == true)
    }

    @Test func errorsBecomeAirflowsStatuses() {
        #expect(AirflowRefusal(OrchestratorError.unknownDAG("d")).status == 404)
        #expect(AirflowRefusal(OrchestratorError.runExists("r")).status == 409)
        #expect(AirflowRefusal(OrchestratorError.badConfiguration("c")).status == 400)
        #expect(
            AirflowRefusal(OrchestratorError.unknownDAG("d")).json["detail"]?.string?.contains(
                "`d`") == true)
    }
}

@Suite("TaskLog")
struct TaskLogTests {
    @Test func isBounded() {
        let log = TaskLog(clock: .fixed(7)) {}
        for number in 0..<OrchestratorLimits.logLinesMax + 5 { log.add("line \(number)") }
        let lines = log.take(atEnd: true)
        #expect(lines.count == OrchestratorLimits.logLinesMax + 1)
        #expect(lines.last?.text.contains("5 more lines") == true)
        #expect(lines.first?.at == 7)
    }

    @Test func longLinesAreCutAndBytesBounded() {
        let log = TaskLog(clock: .fixed(0)) {}
        let long = String(repeating: "é", count: OrchestratorLimits.logLineBytesMax)
        for _ in 0..<1_000 { log.add(long) }
        let lines = log.take(atEnd: true)
        let bytes = lines.reduce(0) { $0 + $1.text.utf8.count }
        #expect(bytes <= OrchestratorLimits.logBytesMax + 1_000)
        #expect(lines.last?.level == .warning)
    }

    @Test func linesThatCouldNotBeStoredComeAgain() {
        let log = TaskLog(clock: .fixed(0)) {}
        log.add("one")
        let lines = log.take()
        log.add("two")
        log.putBack(lines)
        #expect(log.take().map(\.text) == ["one", "two"])
    }
}
