// Module walls: every import of every file against the table in docs/ARCHITECTURE.md.

import Foundation
import Testing

/// A row of the table "Module | Holds | May import | Packages".
struct ModuleRow: Sendable {
    /// The short name, which is the folder's; the target may bear the prefix `Millrace`.
    var name: String
    var mayImport: Set<String>
    var packages: Set<String>
}

@Suite("Module walls")
struct ModuleWallTests {
    /// What every module may import: the language's own libraries.
    static let everywhere: Set<String> = [
        "Swift", "Foundation", "FoundationEssentials", "Synchronization", "Dispatch", "Glibc",
        "Darwin", "Musl",
    ]

    static func rows() throws -> [ModuleRow] {
        let text = try SourceTree.text("docs/ARCHITECTURE.md")
        let rows = text.components(separatedBy: "\n").filter { $0.hasPrefix("| `") }
        return rows.compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: true)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 4 else { return nil }
            return ModuleRow(
                name: names(in: cells[0]).first ?? "", mayImport: names(in: cells[2]),
                packages: names(in: cells[3]))
        }
    }

    private static func names(in cell: String) -> Set<String> {
        Set(
            cell.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }).map(
                String.init))
    }

    private static func short(_ module: String) -> String {
        module.hasPrefix("Millrace") && module != "Millrace" ? String(module.dropFirst(8)) : module
    }

    /// `Sources/Engines/Broker/Log/Log.swift` belongs to `Broker`.
    private static func module(of path: String, among names: Set<String>) -> String? {
        path.split(separator: "/").map(String.init).dropFirst().first { names.contains($0) }
    }

    /// The module that a line imports, or `nil` when it is no import. A quoted one stands in a text, as
    /// the built-in .proto files do.
    private static func imported(by line: String) -> String? {
        let words = line.split(separator: " ").map(String.init)
        guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
            words[..<at].allSatisfy({
                $0.hasPrefix("@")
                    || ["public", "package", "internal", "private", "fileprivate"].contains($0)
            }),
            !words[at + 1].hasPrefix("\"")
        else { return nil }
        let kinds: Set<String> = [
            "struct", "class", "enum", "protocol", "func", "let", "var", "typealias",
        ]
        let name =
            kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
        return name.split(separator: ".").first.map(String.init)
    }

    /// Goal: the document's table is the law, and it names every module that there is.
    @Test func everyImportIsAllowed() throws {
        let rows = try Self.rows()
        let names = Set(rows.map(\.name))
        #expect(names.count > 20, "the table of modules was not found in docs/ARCHITECTURE.md")
        for file in SourceTree.sources {
            guard let name = Self.module(of: file.path, among: names),
                let row = rows.first(where: { $0.name == name })
            else {
                Issue.record("\(file) belongs to no module of the table")
                continue
            }
            for (number, line) in file.code {
                guard let module = Self.imported(by: line) else { continue }
                let allowed =
                    Self.everywhere.contains(module) || row.packages.contains(module)
                    || row.mayImport.contains(Self.short(module))
                #expect(
                    allowed,
                    "\(file):\(number) imports \(module), which the table does not allow \(name)")
            }
        }
    }

    /// Goal: modules stand on floors. A module imports only what stands above it in the table.
    @Test func noImportGoesUpOrSideways() throws {
        var seen: Set<String> = []
        let all = Set(try Self.rows().map(\.name))
        for row in try Self.rows() {
            for module in row.mayImport where all.contains(module) {
                #expect(
                    seen.contains(module), "\(row.name) may import \(module), which stands no lower"
                )
            }
            seen.insert(row.name)
        }
    }
}
