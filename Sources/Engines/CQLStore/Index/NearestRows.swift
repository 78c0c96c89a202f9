// The rows whose vectors are nearest to one, as many as LIMIT says.

import CQLProtocol

/// A heap with the worst row on top, so that it never holds more rows than are asked for.
struct NearestRows {
    private struct Row {
        var score: Float
        /// Of equal scores the row that was met first wins.
        var order: Int
        var cells: [[UInt8]?]

        /// Whether this row is to go before the other one.
        func isWorse(than other: Row) -> Bool {
            score == other.score ? order > other.order : score < other.score
        }
    }

    let slot: Int
    private let vector: [UInt8]
    private let similarity: VectorSimilarity
    private let countMax: Int
    private var heap: [Row] = []
    private var seen = 0

    init(slot: Int, vector: [UInt8], similarity: VectorSimilarity, countMax: Int) {
        self.slot = slot
        self.vector = vector
        self.similarity = similarity
        self.countMax = countMax
    }

    /// Takes the row of a view; one without a vector has no nearness and is left out.
    mutating func take(
        _ view: RowView, cells: () throws(StatementError) -> [[UInt8]?]
    ) throws(StatementError) {
        guard let bytes = view.bytes(slot), bytes.count == vector.count else { return }
        let score = vector.withUnsafeBytes { similarity.score(bytes, $0) }
        // Rows that were there before the index may hold vectors without a score.
        if score.isNaN { return }
        seen += 1
        if heap.count == countMax, let worst = heap.first, worst.score >= score { return }
        heap.append(Row(score: score, order: seen, cells: try cells()))
        rise(heap.count - 1)
        if heap.count > countMax { removeWorst() }
    }

    /// The nearest first.
    func sorted() -> [[[UInt8]?]] { heap.sorted { $1.isWorse(than: $0) }.map(\.cells) }

    private mutating func rise(_ start: Int) {
        var at = start
        while at > 0, heap[at].isWorse(than: heap[(at - 1) / 2]) {
            heap.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    private mutating func removeWorst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var at = 0
        while 2 * at + 1 < heap.count {
            var child = 2 * at + 1
            if child + 1 < heap.count, heap[child + 1].isWorse(than: heap[child]) { child += 1 }
            guard heap[child].isWorse(than: heap[at]) else { return }
            heap.swapAt(at, child)
            at = child
        }
    }
}
