// The views that are being filled: which, how far, and who waits for them.

import CQLProtocol
import Synchronization

/// A view to fill, and who waits for it.
struct ViewBuildJob: Sendable {
    var build: ViewBuild
    /// What CREATE MATERIALIZED VIEW is answered; `nil` after a restart.
    var waiting: (reply: Reply, answer: CQLResult)?
    /// Milliseconds since 1970: when the answer goes out even if the view is not filled.
    var answerBy: Int64 = 0
}

/// What one step came to.
enum ViewStep: Sendable {
    case more, done
    /// The view is not there any more, or cannot be filled.
    case gone
    /// The disk refused.
    case failed
    /// The lane is closed.
    case stopped

    var goesOn: Bool {
        switch self {
        case .more, .failed: true
        case .done, .gone, .stopped: false
        }
    }
}

typealias ViewTicket = LaneTicket<ViewBuild, ViewStep>

final class ViewBuilds: Sendable {
    let queue = WorkQueue<ViewBuildJob>()
    private let known = Mutex<[UInt32: ViewProgress]>([:])

    func progress(of build: ViewBuild) -> ViewProgress {
        known.withLock { $0[build.view] ?? ViewProgress() }
    }

    func note(_ progress: ViewProgress, of build: ViewBuild) {
        known.withLock { $0[build.view] = progress }
    }

    func forget(_ build: ViewBuild) { known.withLock { $0[build.view] = nil } }

    /// Takes up again what a stop or a crash has cut short.
    func resume(_ schema: Schema, _ database: Database) {
        let builds = schema.unbuiltViews
        guard !builds.isEmpty else { return }
        let documents = (try? database.metaDocuments()) ?? [:]
        for build in builds {
            let key = SchemaStorage.key(ofProgress: build.view)
            note(SchemaStorage.progress(documents[key]), of: build)
            queue.add(ViewBuildJob(build: build))
        }
    }
}
