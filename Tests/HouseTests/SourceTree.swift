// The files of this checkout, as the rules look at them.

import Foundation

/// One source file, read once.
struct SourceFile: Sendable, CustomStringConvertible {
    /// From the root of the checkout: `Sources/Base/Endpoint.swift`.
    var path: String
    var lines: [String]

    var description: String { path }

    /// The lines without those that are comments from their start.
    var code: [(number: Int, text: String)] {
        lines.enumerated().compactMap { index, line in
            let text = line.trimmingCharacters(in: .whitespaces)
            return text.hasPrefix("//") ? nil : (index + 1, line)
        }
    }

    /// Whether a comment stands on the line or within the six lines above it.
    func hasComment(near number: Int) -> Bool {
        lines[max(0, number - 7)..<number].contains { $0.contains("//") }
    }
}

enum SourceTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let sources = swiftFiles(in: "Sources")
    static let tests = swiftFiles(in: "Tests")

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Every file and folder below `folder`, from the root of the checkout.
    static func paths(in folder: String) -> [String] {
        let base = root.appending(path: folder)
        let found = FileManager.default.enumerator(atPath: base.path)?.allObjects as? [String]
        return (found ?? []).map { folder + "/" + $0 }.sorted()
    }

    private static func swiftFiles(in folder: String) -> [SourceFile] {
        paths(in: folder).filter { $0.hasSuffix(".swift") }.compactMap { path in
            guard let text = try? text(path) else { return nil }
            return SourceFile(path: path, lines: text.components(separatedBy: "\n"))
        }
    }
}
