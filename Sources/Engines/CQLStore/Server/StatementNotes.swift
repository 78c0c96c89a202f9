// What a request says beside its result: warnings for the client, and the steps of its trace.

import CQLProtocol
import Synchronization

/// Collects what is to be told with one answer. Made with the request, read when it is answered.
///
/// Warnings reach clients of protocol v4 and later, in front of the result or error they belong to.
final class StatementNotes: Sendable {
    private let texts = Mutex<[String]>([])
    /// Set when the client asked for a trace of this request.
    let trace: TraceRecorder?
    private let whenAnswered: (@Sendable () -> Void)?

    /// - Parameter whenAnswered: called when the answer is there, right before it goes out.
    init(trace: TraceRecorder? = nil, whenAnswered: (@Sendable () -> Void)? = nil) {
        self.trace = trace
        self.whenAnswered = whenAnswered
    }

    func end() {
        trace?.finish()
        whenAnswered?()
    }

    /// Adds one warning, cut at what the wire can hold; beyond a number of them they are dropped.
    func warn(_ text: String) {
        texts.withLock { texts in
            guard texts.count < StoreLimits.warningsMax else { return }
            texts.append(
                text.utf8.count <= StoreLimits.warningBytesMax
                    ? text : text.prefix(StoreLimits.warningBytesMax / 4) + " [truncated]")
        }
    }

    var warnings: [String] { texts.withLock { $0 } }
}

extension EvaluationContext {
    /// Tells the client something with the answer of this statement. To be called while it is
    /// compiled or run; a statement that is prepared warns in the answer to PREPARE and again
    /// whenever it is compiled anew.
    func warn(_ text: String) { notes?.warn(text) }

    /// One step of the trace; the text is only made when this request is traced.
    func trace(_ activity: @autoclosure () -> String) {
        guard let trace = notes?.trace else { return }
        trace.add(activity())
    }
}
