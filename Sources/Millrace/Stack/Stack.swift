// The whole stack: for each stage an engine of ours or the address of a real one, started in order.

import Foundation
import Logging
import MillraceBase
import MillraceConsole
import MillraceLanding
import ServiceLifecycle
import StreamEngine
import UnixSignals

/// A started stack. Each engine is bound and answers; `run` serves until it is told to stop, then
/// stops them in reverse.
///
/// This folder and no other knows that embedded engines exist. What it hands on are addresses that
/// a client of the real system could dial too, so nothing above can tell the difference.
struct Stack: Sendable {
    var file: StackFile
    var services: [any Service] = []
    var landing: (any LandingStore)?
    let data: DataDirectory
    private let lock: StackLock

    /// Runs all services until one fails, the task is cancelled, or a signal asks to stop.
    ///
    /// - Parameter signals: whether Ctrl-C and SIGTERM stop it.
    func run(
        stoppingOnSignals signals: Bool, logger: Logger,
        started: @escaping @Sendable (ServiceGroup) async -> Void = { _ in }
    ) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) },
                gracefulShutdownSignals: signals ? [.sigint, .sigterm] : [], logger: logger))
        await started(group)
        do { try await group.run() } catch {
            await finish()
            throw error
        }
        await finish()
    }

    /// The same stack with one more service, started last and stopped first.
    func adding(_ service: any Service) -> Stack {
        var stack = self
        stack.services.append(service)
        return stack
    }

    private func finish() async {
        await landing?.close()
        try? FileManager.default.removeItem(atPath: data.path(StackFile.name))
        try? FileManager.default.removeItem(atPath: data.path(StackFile.insideName))
        withExtendedLifetime(lock) {}
    }

    init(file: StackFile, data: DataDirectory, lock: StackLock) {
        self.file = file
        self.data = data
        self.lock = lock
    }

    /// Takes the data directory for this process.
    ///
    /// - Throws: `Failure` when a live stack has it, or it is of a newer version.
    static func take(_ data: DataDirectory) throws -> StackLock {
        try data.open()
        if let lock = try StackLock.take(data) { return lock }
        let live = try StackFile.live(in: data)
        throw Failure(
            "another stack is up on this data directory", at: "--data \(data.path)",
            because: live.map { "process \($0.processID) serves it" } ?? "a process holds its lock",
            next: "millrace status, or --data PATH of another folder")
    }
}
