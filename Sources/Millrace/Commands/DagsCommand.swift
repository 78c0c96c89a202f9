// `millrace dags`: DAGs and their runs, in Airflow's words.

import AirflowClient
import ArgumentParser
import MillraceBase

struct DagsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dags", abstract: "List, show, trigger and pause DAGs.",
        discussion:
            "Example: millrace dags trigger user_automation --conf '{\"users\": 50}' --wait",
        subcommands: [
            List.self, Show.self, Trigger.self, Pause.self, Unpause.self, ListRuns.self,
        ], defaultSubcommand: List.self)

    /// Runs `work` with the orchestrator's API of the live stack, or of one for the moment.
    static func with<Value: Sendable>(
        _ arguments: SettingsArguments, given: String, next: String,
        _ work: @escaping @Sendable (AirflowConnection) async throws -> Value
    ) async throws -> Value {
        try await StackAccess.with(arguments) { file, _ in
            let airflow = AirflowConnection(try file.endpoint("orchestrator"))
            return try await RunFollower.told(given, next: next) { try await work(airflow) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all DAGs.")
        @OptionGroup var arguments: SettingsArguments
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let dags = try await DagsCommand.with(
                arguments, given: "dags list", next: "millrace status"
            ) { try await $0.dags() }
            if json { return Terminal.print(JSONValue.array(dags.map(\.json)).prettyText) }
            var table = Table(head: ["dag_id", "schedule", "is_paused", "next run", "description"])
            for dag in dags {
                table.rows.append([
                    dag.id, dag.json["timetable_summary"]?.string ?? "", "\(dag.isPaused)",
                    dag.json["next_dagrun_run_after"]?.string ?? "",
                    dag.json["description"]?.string ?? "",
                ])
            }
            Terminal.print(table.text)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a DAG: its parameters, its tasks and what follows what.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The DAG's id.") var dag: String
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let dag = dag
            let (details, tasks) = try await DagsCommand.with(
                arguments, given: "dags show \(dag)", next: "millrace dags list"
            ) {
                (try await $0.details(dag), try await $0.tasks(dag))
            }
            if json {
                return Terminal.print(
                    JSONValue.object(["dag": details, "tasks": .array(tasks.map(\.json))])
                        .prettyText)
            }
            Terminal.print("\(dag): \(details["description"]?.string ?? "")")
            for parameter in details["params"]?.object?.members ?? [] {
                let schema = parameter.value["schema"]
                let bounds = ["minimum", "maximum", "enum"].compactMap { name in
                    schema?[name].map { "\(name) \($0.text)" }
                }
                let value = parameter.value["value"] ?? parameter.value
                Terminal.print(
                    "  parameter \(parameter.name) = \(value.text) "
                        + (bounds.isEmpty ? "" : "(\(bounds.joined(separator: ", ")))"))
            }
            var table = Table(head: ["task_id", "trigger_rule", "retries", "then"], numbers: [2])
            for task in tasks {
                table.rows.append([
                    task.id, task.json["trigger_rule"]?.string ?? "",
                    task.json["retries"]?.text ?? "", task.downstreamIDs.joined(separator: ", "),
                ])
            }
            Terminal.print(table.text)
        }
    }

    struct Trigger: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a run.",
            discussion: "Without --wait and without a live stack the run starts when one is up.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The DAG's id.") var dag: String
        @Option(help: "Parameters as a JSON object.") var conf = "{}"
        @Flag(help: "Wait for the end; exit code 1 when it did not succeed.") var wait = false
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            guard let given = try? JSONValue(parsing: conf), given.object != nil else {
                throw Failure(
                    "the parameters are no JSON object", at: "--conf",
                    next: "--conf '{\"users\": 50}'")
            }
            let (dag, wait, json) = (dag, wait, json)
            try await StackAccess.with(arguments) { file, settings in
                let follower = try RunFollower(file: file, settings: settings, isQuiet: json)
                if wait {
                    let ended = try await follower.runOnce(dag, conf: given)
                    return try await RunReport(ended: ended, file: file, settings: settings)
                        .print(json: json)
                }
                let run = try await RunFollower.told(
                    "dags trigger \(dag) --conf \(given.text)",
                    next: "millrace dags list, and millrace dags show \(dag) for its parameters"
                ) {
                    try await follower.airflow.trigger(dag, conf: given)
                }
                Terminal.print(json ? run.json.prettyText : "run \(run.id) of \(dag): \(run.state)")
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Stop scheduling a DAG.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The DAG's id.") var dag: String

        func run() async throws {
            let dag = dag
            _ = try await DagsCommand.with(
                arguments, given: "dags pause \(dag)", next: "millrace dags list"
            ) { try await $0.setPaused(dag, true) }
            Terminal.print("\(dag) is paused")
        }
    }

    struct Unpause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Schedule a DAG again.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The DAG's id.") var dag: String

        func run() async throws {
            let dag = dag
            _ = try await DagsCommand.with(
                arguments, given: "dags unpause \(dag)", next: "millrace dags list"
            ) { try await $0.setPaused(dag, false) }
            Terminal.print("\(dag) is scheduled again")
        }
    }

    struct ListRuns: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list-runs", abstract: "List a DAG's runs, the newest first.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The DAG's id.") var dag: String
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let dag = dag
            let runs = try await DagsCommand.with(
                arguments, given: "dags list-runs \(dag)", next: "millrace dags list"
            ) { try await $0.runs(dag) }
            if json { return Terminal.print(JSONValue.array(runs.map(\.json)).prettyText) }
            var table = Table(head: ["run_id", "state", "start_date", "end_date", "conf"])
            for run in runs {
                table.rows.append([
                    run.id, run.state, run.json["start_date"]?.string ?? "",
                    run.json["end_date"]?.string ?? "", run.conf?.text ?? "",
                ])
            }
            Terminal.print(table.text)
        }
    }
}
