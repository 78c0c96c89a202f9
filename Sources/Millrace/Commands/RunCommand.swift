// `millrace run`: the whole pipeline once, watched until everybody arrived.

import ArgumentParser
import Foundation
import MillraceBase

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the pipeline's DAG once and wait until all is stored.",
        discussion: """
            Uses the live stack of the data directory, or starts one for the run and stops it after.
            Each run gets people of its own; a run that was interrupted goes on first.

            Examples:
              millrace run --users 1000
              millrace run --source file:people.ndjson --landing postgres://me@localhost/people
              millrace run --resume
            """)

    @OptionGroup var arguments: SettingsArguments
    @Option(help: "How many people to fetch. Default: as the DAG says.")
    var users: Int?
    @Option(help: "The DAG to run. Default: the pipeline's first.")
    var dag: String?
    @Option(help: "Parameters as a JSON object, over --users.")
    var conf: String?
    @Flag(help: "Only finish runs that were interrupted; start none.")
    var resume = false
    @Flag(help: "Print the result as JSON, and no progress.")
    var json = false

    func run() async throws {
        let dag = try chosenDAG()
        let conf = try parameters()
        let json = json
        let resume = resume
        let began = Date()
        do {
            try await StackAccess.with(
                arguments, takenPort: .takeFree, needsSource: !resume,
                notice: { if !json { Terminal.print($0) } }
            ) { file, settings in
                let follower = try RunFollower(file: file, settings: settings, isQuiet: json)
                let ended =
                    resume
                    ? try await follower.finishInterrupted(of: dag, since: began)
                    : try await follower.runOnce(dag, conf: conf)
                guard let ended else { return Terminal.print("no run was interrupted") }
                try await RunReport(ended: ended, file: file, settings: settings).print(json: json)
            }
        } catch is CancellationError {
            Terminal.printError(
                "millrace: interrupted; the run goes on where it stopped with the same flags and "
                    + "--resume, or with the next run")
            throw CancellationError()
        }
    }

    private func chosenDAG() throws -> String {
        let known = CommandScope.pipelines.flatMap(\.dags).map(\.id)
        guard let chosen = dag ?? known.first, known.contains(chosen) else {
            throw Failure(
                "there is no DAG \"\(dag ?? "")\"", at: "--dag",
                next: "one of \(known.joined(separator: ", "))")
        }
        return chosen
    }

    private func parameters() throws -> JSONValue {
        var object = JSONObject()
        if let users { object["users"] = JSONValue(users) }
        if let conf {
            guard let given = (try? JSONValue(parsing: conf))?.object else {
                throw Failure(
                    "the parameters are no JSON object", at: "--conf",
                    next: "--conf '{\"users\": 50}'")
            }
            for member in given.members { object[member.name] = member.value }
        }
        return .object(object)
    }
}
