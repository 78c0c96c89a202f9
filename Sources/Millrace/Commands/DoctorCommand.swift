// `millrace doctor`: is everything there that a stack needs?

import ArgumentParser
import Foundation
import MillraceBase

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check the disk, the ports and every configured address.",
        discussion: """
            Exit code 0 when all is well, 1 when something is not.

            Example: millrace doctor --kafka kafka://broker:9092
            """)

    @OptionGroup var arguments: SettingsArguments
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let settings = try arguments.settings()
        let findings = await Examination(
            settings: settings, logger: SettingsArguments.logger(settings)
        ).findings()
        if json {
            let all = findings.map { finding -> JSONValue in
                [
                    "check": .string(finding.check), "ok": .bool(finding.isWell),
                    "detail": .string(finding.detail), "try": .string(finding.next),
                ]
            }
            Terminal.print(JSONValue.array(all).prettyText)
        } else {
            var table = Table(head: ["", "check", "found"])
            for finding in findings {
                table.rows.append([finding.isWell ? "ok" : "!!", finding.check, finding.detail])
            }
            Terminal.print(table.text)
        }
        let bad = findings.filter { !$0.isWell }
        if let first = bad.first {
            throw Failure(
                bad.count == 1 ? "one check failed" : "\(bad.count) checks failed",
                at: first.check, because: first.detail, next: first.next)
        }
    }
}
