// The folder where fetched pages wait until their run is confirmed.

import Foundation
import MillraceBase

/// Pages on disk, a folder for each run: `staging/<run>/page-000001`. A page is there whole or not
/// at all, so a run that starts again fetches only what is missing.
actor StagingArea {
    private let thread = SerialThread("staging")
    private let folder: String

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(folder: String) { self.folder = folder }

    func write(_ page: StagedPage, number: Int, of run: String) throws {
        let path = try path(of: run)
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
            try DurableFile.write(page.bytes, to: path + "/" + name(number))
        } catch {
            throw Failure(
                "cannot stage a page of people", at: path, because: "\(error)",
                next: "make room in the data directory; the run goes on where it stopped")
        }
    }

    /// - Returns: `nil` when the page is not there, or was damaged on disk.
    func page(_ number: Int, of run: String) throws -> StagedPage? {
        let path = try path(of: run) + "/" + name(number)
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        return StagedPage(bytes: Array(bytes))
    }

    /// The run's people are in the store: its pages are needed no more.
    func remove(run: String) throws {
        try? FileManager.default.removeItem(atPath: path(of: run))
    }

    private func name(_ number: Int) -> String {
        "page-" + String(repeating: "0", count: max(0, 6 - String(number).count)) + String(number)
    }

    /// Run ids may hold what no file name may; a slash above all.
    private func path(of run: String) throws -> String {
        let safe = run.map {
            $0.isASCII && ($0.isLetter || $0.isNumber || "-_+:.".contains($0)) ? $0 : "_"
        }
        let name = String(safe)
        guard !name.isEmpty, name != ".", name != ".." else {
            throw Failure("a run has no usable id", at: run, next: "another --run-id")
        }
        return folder + "/" + name
    }
}
