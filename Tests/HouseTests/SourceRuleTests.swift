// The rules of docs/STYLE.md that a program can check.

import Foundation
import Testing

@Suite("Source rules")
struct SourceRuleTests {
    static let linesMax = 500

    /// Files that may be longer, each with why.
    static let longFiles: [String: String] = [:]

    /// Where a task without a parent that waits may be started, each with why.
    static let unstructuredTasks: [String: String] = [
        "Sources/HTTPServing/BoundHTTPServer.swift":
            "Hummingbird binds only inside its run; the server's own run waits for the task",
        "Sources/Engines/Broker/BrokerServer.swift":
            "the broker answers from start on; its run and its close wait for the task",
    ]

    @Test(arguments: SourceTree.sources + SourceTree.tests)
    func firstLineSaysWhatTheFileHolds(file: SourceFile) {
        let first = file.lines.first ?? ""
        #expect(
            first.hasPrefix("// ") && first.count > 12,
            "\(file) starts without saying what it holds")
    }

    @Test(arguments: SourceTree.sources)
    func filesAreShort(file: SourceFile) {
        let long = file.lines.count > Self.linesMax && Self.longFiles[file.path] == nil
        #expect(
            !long, "\(file) has \(file.lines.count) lines; cut it by ideas, or list it with why")
    }

    /// Goal: nothing that can end the process on input, and nothing unfinished.
    @Test(arguments: SourceTree.sources)
    func nothingForcedOrUnfinished(file: SourceFile) {
        let banned = ["try!", "as!", "fatalError(", "TODO", "FIXME", "XXX"]
        for (number, line) in file.code {
            for word in banned where line.contains(word) {
                Issue.record("\(file):\(number) says \(word)")
            }
        }
    }

    /// Goal: what the compiler cannot check carries its proof.
    @Test(arguments: SourceTree.sources)
    func uncheckedSendableHasItsProof(file: SourceFile) {
        for (number, line) in file.code
        where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
            #expect(file.hasComment(near: number), "\(file):\(number) has no proof beside it")
        }
    }

    @Test(arguments: SourceTree.sources)
    func everyTaskHasAParent(file: SourceFile) {
        for (number, line) in file.code where line.contains(/(^|[^A-Za-z.])Task(\.detached)? ?\{/) {
            let known = Self.unstructuredTasks[file.path] != nil
            #expect(known, "\(file):\(number) starts a task that nothing waits for")
        }
    }

    @Test func listedExceptionsStillExist() {
        let paths = Set(SourceTree.sources.map(\.path))
        for path in Array(Self.longFiles.keys) + Array(Self.unstructuredTasks.keys) {
            #expect(paths.contains(path), "\(path) is listed as an exception and is gone")
        }
    }

    /// Goal: names say what a thing is; no `Manager`, `Helper`, `Util`; no type named as its module.
    @Test(arguments: SourceTree.sources)
    func namesAreOfTheDomain(file: SourceFile) {
        let pattern = /\b(?:class|struct|enum|actor|protocol) +(\w+)/
        let modules: Set<String> = [
            "KafkaProtocol", "CQLProtocol", "StreamPlan", "KafkaClient", "RegistryClient",
            "CQLClient",
            "PostgresClient", "RandomUserClient", "AirflowClient", "SchemaRegistry", "StreamEngine",
            "CQLStore", "RandomUser", "Millrace",
        ]
        for (number, line) in file.code {
            guard let match = line.firstMatch(of: pattern) else { continue }
            let name = String(match.1)
            let vague = ["Manager", "Helper", "Util", "Utils"].contains { name.hasSuffix($0) }
            #expect(!vague, "\(file):\(number) names \(name), which says nothing")
            #expect(
                !modules.contains(name), "\(file):\(number) names a type as its module: \(name)")
        }
    }

    @Test func noBlankInAnyPath() {
        for path in SourceTree.paths(in: "Sources") + SourceTree.paths(in: "Tests") {
            #expect(!path.contains(" "), "\(path) has a blank in its name")
        }
    }
}
