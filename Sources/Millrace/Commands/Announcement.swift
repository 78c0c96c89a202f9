// What a person or a script is told when a stack is up, at the moment when a signal stops it well.

import ServiceLifecycle

/// The last service of a stack. Signals are caught before the first service runs, so whoever reads
/// the words may send Ctrl-C or SIGTERM at once.
struct Announcement: Service {
    let text: String

    func run() async throws {
        Terminal.print(text)
        try? await gracefulShutdown()
    }
}
