// What one run of a query works with, as something a test can hold.

package import MillraceBase

/// What a loop works with. Tests give their own.
package struct QueryParts: Sendable {
    package var source: any RowSource
    package var sink: any RowSink
    /// `nil` for a query without dead letters.
    package var rejections: (any RejectionSink)?
    package var checkpoint: CheckpointLog
    /// For the checkpoint's files, whose calls block.
    package var thread: SerialThread

    package init(
        source: any RowSource, sink: any RowSink, rejections: (any RejectionSink)?,
        checkpoint: CheckpointLog, thread: SerialThread
    ) {
        self.source = source
        self.sink = sink
        self.rejections = rejections
        self.checkpoint = checkpoint
        self.thread = thread
    }

    package func close() async {
        await source.close()
        await sink.close()
        await rejections?.close()
    }
}
