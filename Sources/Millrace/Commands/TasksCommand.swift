// `millrace tasks`: the tasks of a run, in Airflow's words.

import AirflowClient
import ArgumentParser
import MillraceBase

struct TasksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks", abstract: "List, clear and read the logs of a run's tasks.",
        discussion: """
            RUN is a run's id; "latest" is the newest.

            Example: millrace tasks logs user_automation latest confirm
            """,
        subcommands: [List.self, Clear.self, Logs.self], defaultSubcommand: List.self)

    /// The id of a run, "latest" looked up.
    static func run(_ run: String, of dag: String, in airflow: AirflowConnection) async throws
        -> String
    {
        guard run == "latest" else { return run }
        guard let newest = try await airflow.runs(dag).first else {
            throw Failure("the DAG has no run yet", at: dag, next: "millrace dags trigger \(dag)")
        }
        return newest.id
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List a run's tasks.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The DAG's id.") var dag: String
        @Argument(help: "The run's id, or latest.") var run = "latest"
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let (dag, run) = (dag, run)
            let tasks = try await DagsCommand.with(
                arguments, given: "tasks list \(dag) \(run)",
                next: "millrace dags list-runs \(dag)"
            ) { airflow in
                let id = try await TasksCommand.run(run, of: dag, in: airflow)
                return try await airflow.taskInstances(dag, id)
            }
            if json { return Terminal.print(JSONValue.array(tasks.map(\.json)).prettyText) }
            var table = Table(head: ["task_id", "state", "tries", "seconds"], numbers: [2, 3])
            for task in tasks {
                table.rows.append([
                    task.taskID, task.state ?? "none", "\(task.tryNumber)",
                    task.duration.map { "\(($0 * 1_000).rounded() / 1_000)" } ?? "",
                ])
            }
            Terminal.print(table.text)
        }
    }

    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let tasks of a run run again, with all that follows them.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The DAG's id.") var dag: String
        @Argument(help: "The run's id, or latest.") var run: String
        @Argument(help: "Task ids; all tasks without any.") var tasks: [String] = []
        @Flag(help: "Only those that failed.") var onlyFailed = false

        func run() async throws {
            let (dag, run, tasks, onlyFailed) = (dag, run, tasks, onlyFailed)
            let cleared = try await DagsCommand.with(
                arguments, given: "tasks clear \(dag) \(run)",
                next: "millrace tasks list \(dag) \(run)"
            ) { airflow in
                let id = try await TasksCommand.run(run, of: dag, in: airflow)
                return try await airflow.clear(
                    dag, id, tasks: tasks.isEmpty ? nil : tasks, onlyFailed: onlyFailed)
            }
            Terminal.print("cleared: \(cleared.map(\.taskID).joined(separator: ", "))")
        }
    }

    struct Logs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the log of a task's try.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The DAG's id.") var dag: String
        @Argument(help: "The run's id, or latest.") var run: String
        @Argument(help: "The task's id; without it, every task of the run.") var task: String?
        @Option(name: .customLong("try"), help: "Which try; the last one without it.")
        var tryNumber: Int?

        func run() async throws {
            let (dag, run, task, tryNumber) = (dag, run, task, tryNumber)
            let lines = try await DagsCommand.with(
                arguments, given: "tasks logs \(dag) \(run)",
                next: "millrace dags list-runs \(dag)"
            ) { airflow in
                let id = try await TasksCommand.run(run, of: dag, in: airflow)
                var lines: [String] = []
                for instance in try await airflow.taskInstances(dag, id)
                where task == nil || task == instance.taskID {
                    let number = tryNumber ?? instance.tryNumber
                    guard number > 0 else { continue }
                    lines.append("── \(instance.taskID), try \(number)")
                    lines += try await airflow.logs(dag, id, task: instance.taskID, try: number)
                }
                return lines
            }
            guard !lines.isEmpty else {
                throw Failure(
                    "there is no such log", at: "\(dag) \(run) \(task ?? "")",
                    next: "millrace tasks list \(dag) \(run)")
            }
            Terminal.print(lines.joined(separator: "\n"))
        }
    }
}
