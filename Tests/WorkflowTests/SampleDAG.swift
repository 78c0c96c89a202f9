// The DAG that the tests share, written as a user writes one.

import MillraceBase
import MillraceWorkflow

struct SampleContext: TaskContext { var invocation: TaskInvocation }

typealias DAG = WorkflowDAG<SampleContext>

enum Colour: String, CaseIterable, Codable, Sendable {
    case red, green, blue
    var taskID: String { "land_\(rawValue)" }
}

struct Pages: Codable, Sendable, Equatable {
    var count: Int
    var colours: [Colour]
}

enum SampleDAG {
    /// fetch → detect → land_red | land_green | land_blue → publish → confirm
    static let automation = DAG("user_automation", schedule: .daily) { dag in
        let users = dag.parameter("users", default: 1000, in: 1...1_000_000)
        let colour = dag.parameter("colour", default: Colour.red)
        let pages = dag.task("fetch", retries: 3, timeout: .minutes(5)) { run in
            run.log("fetching")
            return Pages(count: run[users], colours: [run[colour]])
        }
        let path = dag.branch("detect", on: pages) { pages, run in
            pages.colours.map(\.taskID)
        }
        let landed = Colour.allCases.map { colour in
            dag.task(colour.taskID, on: pages, after: path) { pages, run in
                pages.count * Colour.allCases.count
            }
        }
        let published = dag.task("publish", after: landed, when: .noneFailedMinOneSuccess) { run in
            run.log("published")
        }
        dag.task("confirm", on: pages, after: published) { pages, run in
            run.log("\(pages.count)")
        }
    }
}
