// How near two vectors of floats are to each other, for ANN and for the similarity functions.

import CQLProtocol

/// Scores rise with nearness. Formulas as in Cassandra's vector index (JVector).
enum VectorSimilarity: String, Sendable, CaseIterable {
    case cosine = "COSINE"
    case euclidean = "EUCLIDEAN"
    case dotProduct = "DOT_PRODUCT"

    /// - Returns: `nil` when the option names no function that is known.
    init?(_ options: [CQLOptionEntry]) {
        guard let given = options.first(where: { $0.key == "similarity_function" }) else {
            self = .cosine
            return
        }
        self.init(rawValue: given.value.uppercased())
    }

    /// From 0 to 1 for cosine and euclidean.
    ///
    /// - Parameters: big-endian floats, as many in both.
    func score(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Float {
        let count = min(a.count, b.count) / 4
        var dot: Float = 0
        var distance: Float = 0
        var aSquares: Float = 0
        var bSquares: Float = 0
        for index in 0..<count {
            let x = Self.float(a, index)
            let y = Self.float(b, index)
            switch self {
            case .cosine:
                dot += x * y
                aSquares += x * x
                bSquares += y * y
            case .euclidean: distance += (x - y) * (x - y)
            case .dotProduct: dot += x * y
            }
        }
        switch self {
        case .cosine:
            let lengths = (Double(aSquares) * Double(bSquares)).squareRoot()
            return (1 + Float(Double(dot) / lengths)) / 2
        case .euclidean: return 1 / (1 + distance)
        case .dotProduct: return (1 + dot) / 2
        }
    }

    static func float(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Float {
        Float(bitPattern: bytes.big(4 * index, as: UInt32.self))
    }

    /// Cosine knows no direction for a vector of zeros; no function knows what is not finite.
    func check(_ vector: UnsafeRawBufferPointer) throws(StatementError) {
        var isZero = true
        for index in 0..<vector.count / 4 {
            let value = Self.float(vector, index)
            guard value.isFinite else {
                let text = value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
                throw .invalid("non-finite value at vector[\(index)]=\(text)")
            }
            if value != 0 { isZero = false }
        }
        guard self != .cosine || !isZero else {
            throw .invalid("Zero vectors cannot be indexed or queried with cosine similarity")
        }
    }
}
