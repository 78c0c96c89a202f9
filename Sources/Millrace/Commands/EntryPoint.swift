// The command line: what a program hands its pipelines to.

import ArgumentParser
import CMemory
import Foundation
import MillraceBase

/// The pipelines of this program, for all its commands.
enum CommandScope {
    @TaskLocal static var pipelines: [any Pipeline] = []
}

/// Runs the whole command line with these pipelines, and ends the process with its exit code:
/// 0 when all went well, 1 for a `Failure`, 64 for wrong usage.
///
///     import Millrace
///
///     @main enum MyStack {
///         static func main() async { await Millrace.main(pipelines: [MyPipeline()]) }
///     }
public func main(pipelines: [any Pipeline]) async {
    // A reader of our output that goes away must not end the process before its data is safe.
    signal(SIGPIPE, SIG_IGN)
    // Dozens of threads with an arena each keep a third more memory than two arenas do
    // (230 MB instead of 303 MB at the peak of 100,000 people), and no less quickly.
    cmemory_limit_arenas(2)
    let code = await CommandScope.$pipelines.withValue(pipelines) { await runCommand() }
    exit(code)
}

private func runCommand() async -> Int32 {
    do {
        var command = try RootCommand.parseAsRoot()
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            try command.run()
        }
        return 0
    } catch let failure as Failure {
        Terminal.printError("millrace: \(failure)")
        return 1
    } catch is CancellationError {
        return 130
    } catch {
        let code = RootCommand.exitCode(for: error)
        if code == .failure, !(error is ExitCode) {
            // Not about the command line's own words: a service or a client that gave up.
            let failure = Failure(
                "the command ended unexpectedly",
                at: "millrace " + (CommandLine.arguments.dropFirst().first ?? ""),
                because: "\(error)", next: "the same with --log-level debug, or millrace doctor")
            Terminal.printError("millrace: \(failure)")
            return 1
        }
        let text = RootCommand.fullMessage(for: error)
        if code == .success {
            Terminal.print(text)
        } else if !text.isEmpty {
            Terminal.printError(text)
        }
        return code.rawValue
    }
}

struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "millrace",
        abstract: "The classic real-time data stack as one binary.",
        discussion: """
            Each stage is an address: embedded: for the engine of this binary, or the URL of the
            real system. Settings come from millrace.yaml, the environment (MILLRACE_KAFKA=…) and
            flags (--kafka …), the later over the earlier.

            Examples:
              millrace run --users 1000
              millrace up
              millrace up --only kafka,registry,store --ephemeral --json
              millrace run --landing postgres://me:secret@localhost/people
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Stack",
                subcommands: [
                    RunCommand.self, UpCommand.self, StatusCommand.self, ConfigCommand.self,
                    DoctorCommand.self,
                ]),
            CommandGroup(
                name: "Stages",
                subcommands: [
                    DagsCommand.self, TasksCommand.self, QueriesCommand.self,
                    DeadLettersCommand.self,
                    ConnectorsCommand.self,
                ]),
            CommandGroup(
                name: "Kafka",
                subcommands: [
                    TopicsCommand.self, ProduceCommand.self, ConsumeCommand.self,
                    GroupsCommand.self, SchemasCommand.self, AclsCommand.self,
                ]),
            CommandGroup(
                name: "Store", subcommands: [CQLCommand.self, StoreCommand.self]),
        ])
}
