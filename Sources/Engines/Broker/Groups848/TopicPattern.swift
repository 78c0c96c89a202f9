// Regular expressions over topic names, in the syntax of RE2, matched in time linear in the name.
// Source: https://github.com/google/re2/wiki/Syntax; KIP-848 "Regular expressions"

/// Why an expression is none, in words.
struct TopicPatternError: Error, Equatable, Sendable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// An expression, ready to be matched. It must match the whole name, as subscriptions do.
///
/// All ways through the expression are walked at once, so that none can take long: the cost is the
/// length of the name times the size of the expression, both bounded.
struct TopicPattern: Sendable {
    /// What the expression is made of, from `TopicPatternParser`.
    indirect enum Node: Equatable, Sendable {
        case empty
        case scalar(ScalarSet)
        case assertion(Assertion)
        case sequence([Node])
        case choice([Node])
        /// - Parameter max: `nil` for any number.
        case repetition(Node, min: Int, max: Int?)
    }

    enum Assertion: Equatable, Sendable {
        case textStart
        case textEnd
        case lineStart
        case lineEnd
        case wordEdge
        case noWordEdge
    }

    private enum Step: Sendable {
        case scalar(ScalarSet)
        case assertion(Assertion)
        case fork(Int, Int)
        case jump(Int)
        case match
    }

    private var steps: [Step] = []

    init(_ text: String) throws(TopicPatternError) {
        guard text.utf8.count <= Limits.patternBytesMax else {
            throw TopicPatternError("expression too large")
        }
        var parser = TopicPatternParser(text)
        try add(try parser.parse())
        steps.append(.match)
    }

    // MARK: From the tree to steps

    private mutating func append(_ step: Step) throws(TopicPatternError) {
        guard steps.count < Limits.patternStepsMax else {
            throw TopicPatternError("expression too large")
        }
        steps.append(step)
    }

    private mutating func add(_ node: Node) throws(TopicPatternError) {
        switch node {
        case .empty: break
        case .scalar(let set): try append(.scalar(set))
        case .assertion(let assertion): try append(.assertion(assertion))
        case .sequence(let nodes): for node in nodes { try add(node) }
        case .choice(let nodes): try addChoice(nodes)
        case .repetition(let node, let min, let max):
            for _ in 0..<min { try add(node) }
            if let max {
                for _ in min..<max { try addOptional(node) }
            } else {
                try addLoop(node)
            }
        }
    }

    private mutating func addChoice(_ nodes: [Node]) throws(TopicPatternError) {
        var exits: [Int] = []
        for (index, node) in nodes.enumerated() {
            guard index < nodes.count - 1 else {
                try add(node)
                break
            }
            let fork = steps.count
            try append(.fork(fork + 1, fork + 1))
            try add(node)
            exits.append(steps.count)
            try append(.jump(0))
            steps[fork] = .fork(fork + 1, steps.count)
        }
        for exit in exits { steps[exit] = .jump(steps.count) }
    }

    private mutating func addOptional(_ node: Node) throws(TopicPatternError) {
        let fork = steps.count
        try append(.fork(fork + 1, fork + 1))
        try add(node)
        steps[fork] = .fork(fork + 1, steps.count)
    }

    private mutating func addLoop(_ node: Node) throws(TopicPatternError) {
        let fork = steps.count
        try append(.fork(fork + 1, fork + 1))
        try add(node)
        try append(.jump(fork))
        steps[fork] = .fork(fork + 1, steps.count)
    }

    // MARK: Matching

    /// Whether the expression matches all of `name`.
    func matches(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        var current: [Int] = []
        var isIn = [Int](repeating: -1, count: steps.count)
        follow(0, into: &current, &isIn, scalars, at: 0)
        for position in scalars.indices {
            var next: [Int] = []
            for index in current {
                guard case .scalar(let set) = steps[index], set.contains(scalars[position]) else {
                    continue
                }
                follow(index + 1, into: &next, &isIn, scalars, at: position + 1)
            }
            if next.isEmpty { return false }
            current = next
        }
        return current.contains { index in
            if case .match = steps[index] { return true }
            return false
        }
    }

    /// Walks all steps that take no character.
    /// - Parameter isIn: by step, the position at which it was last reached.
    private func follow(
        _ start: Int, into list: inout [Int], _ isIn: inout [Int], _ scalars: [Unicode.Scalar],
        at position: Int
    ) {
        var open = [start]
        while let index = open.popLast() {
            guard isIn[index] != position else { continue }
            isIn[index] = position
            switch steps[index] {
            case .scalar, .match: list.append(index)
            case .jump(let target): open.append(target)
            case .fork(let first, let second): open += [second, first]
            case .assertion(let assertion):
                if Self.holds(assertion, scalars, position) { open.append(index + 1) }
            }
        }
    }

    private static func holds(
        _ assertion: Assertion, _ scalars: [Unicode.Scalar], _ position: Int
    ) -> Bool {
        func isWord(_ index: Int) -> Bool {
            scalars.indices.contains(index) && ScalarSet.word.contains(scalars[index])
        }
        let isEdge = isWord(position - 1) != isWord(position)
        switch assertion {
        case .textStart: return position == 0
        case .textEnd: return position == scalars.count
        case .lineStart: return position == 0 || scalars[position - 1] == "\n"
        case .lineEnd: return position == scalars.count || scalars[position] == "\n"
        case .wordEdge: return isEdge
        case .noWordEdge: return !isEdge
        }
    }
}

/// Characters that one place of an expression takes.
struct ScalarSet: Equatable, Sendable {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false

    static let digit = ScalarSet(ranges: [48...57])
    static let word = ScalarSet(ranges: [48...57, 65...90, 95...95, 97...122])
    static let space = ScalarSet(ranges: [9...10, 12...13, 32...32])
    static let any = ScalarSet(ranges: [], isNegated: true)
    static let anyButNewline = ScalarSet(ranges: [10...10], isNegated: true)

    init(ranges: [ClosedRange<UInt32>], isNegated: Bool = false) {
        self.ranges = ranges
        self.isNegated = isNegated
    }

    init(_ scalar: Unicode.Scalar) { self.init(ranges: [scalar.value...scalar.value]) }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) } != isNegated
    }

    var negated: ScalarSet { ScalarSet(ranges: ranges, isNegated: !isNegated) }

    /// Adds all of `other`, one that is negated too.
    mutating func formUnion(_ other: ScalarSet) { ranges += other.positiveRanges }

    private var positiveRanges: [ClosedRange<UInt32>] {
        guard isNegated else { return ranges }
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { gaps.append(next...(range.lowerBound - 1)) }
            next = max(next, range.upperBound + 1)
        }
        if next <= 0x10ffff { gaps.append(next...0x10ffff) }
        return gaps
    }

    /// With the other case of each letter; those of ASCII, which topic names are made of.
    var foldingCase: ScalarSet {
        var folded = self
        for range in ranges {
            let upper = range.clamped(within: 65...90).map {
                ($0.lowerBound + 32)...($0.upperBound + 32)
            }
            let lower = range.clamped(within: 97...122).map {
                ($0.lowerBound - 32)...($0.upperBound - 32)
            }
            folded.ranges += [upper, lower].compactMap { $0 }
        }
        return folded
    }
}

extension ClosedRange<UInt32> {
    fileprivate func clamped(within other: Self) -> Self? {
        overlaps(other) ? clamped(to: other) : nil
    }
}
