// Sums, products and quotients of integers of any size.

/// Operands longer than `CQLLimits.arithmeticBytesMax` are the caller's to refuse: products and
/// quotients take time that grows with the product of their lengths.
extension CQLVarint {
    package static let zero = CQLVarint(bytes: [0])

    package var isZero: Bool { bytes == [0] }

    package static func + (left: Self, right: Self) -> Self {
        if let a = left.int64, let b = right.int64 {
            let (sum, overflows) = a.addingReportingOverflow(b)
            if !overflows { return Self(sum) }
        }
        let (a, b) = (Words(left), Words(right))
        if a.isNegative == b.isNegative {
            return Words(isNegative: a.isNegative, words: Words.sum(a.words, b.words)).value
        }
        if Words.isLess(a.words, b.words) {
            return Words(isNegative: b.isNegative, words: Words.difference(b.words, a.words)).value
        }
        return Words(isNegative: a.isNegative, words: Words.difference(a.words, b.words)).value
    }

    package static func - (left: Self, right: Self) -> Self { left + -right }

    package static prefix func - (value: Self) -> Self {
        let words = Words(value)
        return Words(isNegative: !words.isNegative, words: words.words).value
    }

    package static func * (left: Self, right: Self) -> Self {
        if let a = left.int64, let b = right.int64 {
            let (product, overflows) = a.multipliedReportingOverflow(by: b)
            if !overflows { return Self(product) }
        }
        let (a, b) = (Words(left), Words(right))
        return Words(
            isNegative: a.isNegative != b.isNegative, words: Words.product(a.words, b.words)
        ).value
    }

    /// Cut towards zero; the remainder has the dividend's sign, as in Java.
    ///
    /// - Returns: `nil` for a divisor of zero.
    package func quotientAndRemainder(
        dividingBy divisor: Self
    ) -> (quotient: Self, remainder: Self)? {
        if divisor.isZero { return nil }
        let (a, b) = (Words(self), Words(divisor))
        let (quotient, remainder) = Words.divided(a.words, b.words)
        return (
            Words(isNegative: a.isNegative != b.isNegative, words: quotient).value,
            Words(isNegative: a.isNegative, words: remainder).value
        )
    }

    /// 10 to that power; `nil` when it would be longer than `CQLLimits.numberDigitsMax`.
    package static func powerOfTen(_ exponent: Int) -> Self? {
        guard exponent >= 0, exponent <= CQLLimits.numberDigitsMax else { return nil }
        var words: [UInt32] = [1]
        var left = exponent
        while left > 0 {
            let step = min(left, 9)
            Words.multiply(&words, by: Words.smallPowers[step])
            left -= step
        }
        return Words(isNegative: false, words: words).value
    }

    /// The nearest double.
    package var double: Double {
        if let small = int64 { return Double(small) }
        return Double(description) ?? (isNegative ? -.infinity : .infinity)
    }
}

/// Sign and magnitude in 32-bit words, the lowest first.
private struct Words {
    var isNegative: Bool
    var words: [UInt32]

    static let smallPowers: [UInt32] = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    ]

    init(isNegative: Bool, words: [UInt32]) {
        self.isNegative = isNegative
        self.words = words
        while self.words.last == 0 { self.words.removeLast() }
    }

    init(_ value: CQLVarint) {
        var words: [UInt32] = []
        words.reserveCapacity(value.bytes.count / 4 + 1)
        var end = value.bytes.count
        let fill: UInt32 = value.isNegative ? .max : 0
        while end > 0 {
            var word = fill
            for byte in value.bytes[max(0, end - 4)..<end] { word = word << 8 | UInt32(byte) }
            words.append(word)
            end -= 4
        }
        if value.isNegative {
            var carry = true
            for index in words.indices {
                words[index] = ~words[index]
                if carry {
                    words[index] &+= 1
                    carry = words[index] == 0
                }
            }
            if carry { words.append(1) }
        }
        self.init(isNegative: value.isNegative, words: words)
    }

    var value: CQLVarint {
        var plain: [UInt8] = [0]
        plain.reserveCapacity(words.count * 4 + 1)
        for word in words.reversed() { withUnsafeBytes(of: word.bigEndian) { plain += $0 } }
        guard isNegative else { return CQLVarint(bytes: plain) }
        for index in plain.indices { plain[index] = ~plain[index] }
        for index in plain.indices.reversed() {
            plain[index] &+= 1
            if plain[index] != 0 { break }
        }
        return CQLVarint(bytes: plain)
    }

    static func isLess(_ a: [UInt32], _ b: [UInt32]) -> Bool {
        if a.count != b.count { return a.count < b.count }
        for index in a.indices.reversed() where a[index] != b[index] { return a[index] < b[index] }
        return false
    }

    static func sum(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
        var out: [UInt32] = []
        out.reserveCapacity(max(a.count, b.count) + 1)
        var carry: UInt64 = 0
        for index in 0..<max(a.count, b.count) {
            carry += UInt64(index < a.count ? a[index] : 0) + UInt64(index < b.count ? b[index] : 0)
            out.append(UInt32(truncatingIfNeeded: carry))
            carry >>= 32
        }
        if carry > 0 { out.append(UInt32(carry)) }
        return out
    }

    /// `a` must not be less than `b`.
    static func difference(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
        var out = a
        var borrow: Int64 = 0
        for index in out.indices {
            var digit = Int64(out[index]) - borrow - (index < b.count ? Int64(b[index]) : 0)
            borrow = digit < 0 ? 1 : 0
            if digit < 0 { digit += 1 << 32 }
            out[index] = UInt32(digit)
        }
        return out
    }

    static func multiply(_ words: inout [UInt32], by factor: UInt32) {
        var carry: UInt64 = 0
        for index in words.indices {
            carry += UInt64(words[index]) * UInt64(factor)
            words[index] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
        }
        if carry > 0 { words.append(UInt32(carry)) }
    }

    static func product(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
        var out = [UInt32](repeating: 0, count: a.count + b.count)
        for (i, x) in a.enumerated() where x != 0 {
            var carry: UInt64 = 0
            for (j, y) in b.enumerated() {
                carry += UInt64(x) * UInt64(y) + UInt64(out[i + j])
                out[i + j] = UInt32(truncatingIfNeeded: carry)
                carry >>= 32
            }
            out[i + b.count] = UInt32(carry)
        }
        return out
    }

    /// Long division. Source: Knuth, TAOCP volume 2, 4.3.1, algorithm D.
    static func divided(_ a: [UInt32], _ b: [UInt32]) -> ([UInt32], [UInt32]) {
        guard !isLess(a, b) else { return ([], a) }
        guard b.count > 1 else {
            var out = a
            var remainder: UInt64 = 0
            for index in out.indices.reversed() {
                let value = remainder << 32 | UInt64(out[index])
                out[index] = UInt32(value / UInt64(b[0]))
                remainder = value % UInt64(b[0])
            }
            return (out, [UInt32(remainder)])
        }
        let shift = UInt32(b[b.count - 1].leadingZeroBitCount)
        let divisor = shifted(b, by: shift)
        var rest = shifted(a, by: shift)
        if rest.count == a.count { rest.append(0) }
        var quotient = [UInt32](repeating: 0, count: rest.count - divisor.count)
        let top = UInt64(divisor[divisor.count - 1])
        let second = UInt64(divisor[divisor.count - 2])
        for place in quotient.indices.reversed() {
            let high = rest.count > place + divisor.count ? rest[place + divisor.count] : 0
            let head = UInt64(high) << 32 | UInt64(rest[place + divisor.count - 1])
            var guess = head / top
            var left = head % top
            while guess >= 1 << 32
                || guess * second > left << 32 | UInt64(rest[place + divisor.count - 2])
            {
                guess -= 1
                left += top
                if left >= 1 << 32 { break }
            }
            if subtract(divisor, times: guess, from: &rest, at: place) {
                guess -= 1
                add(divisor, to: &rest, at: place)
            }
            quotient[place] = UInt32(guess)
        }
        var remainder = Array(rest[..<divisor.count])
        if shift > 0 {
            for index in remainder.indices {
                let above = index + 1 < remainder.count ? remainder[index + 1] : 0
                remainder[index] = remainder[index] >> shift | above << (32 - shift)
            }
        }
        return (quotient, remainder)
    }

    private static func shifted(_ words: [UInt32], by shift: UInt32) -> [UInt32] {
        guard shift > 0 else { return words }
        var out: [UInt32] = []
        var carry: UInt32 = 0
        for word in words {
            out.append(word << shift | carry)
            carry = word >> (32 - shift)
        }
        if carry > 0 { out.append(carry) }
        return out
    }

    /// - Returns: whether it went below zero.
    private static func subtract(
        _ divisor: [UInt32], times factor: UInt64, from rest: inout [UInt32], at place: Int
    ) -> Bool {
        var carry: UInt64 = 0
        var borrow: Int64 = 0
        for index in 0...divisor.count {
            let product =
                index < divisor.count ? UInt64(divisor[index]) * factor + carry : carry
            carry = product >> 32
            var digit =
                Int64(rest[place + index]) - Int64(UInt32(truncatingIfNeeded: product)) - borrow
            borrow = digit < 0 ? 1 : 0
            if digit < 0 { digit += 1 << 32 }
            rest[place + index] = UInt32(truncatingIfNeeded: digit)
        }
        return borrow > 0
    }

    private static func add(_ divisor: [UInt32], to rest: inout [UInt32], at place: Int) {
        var carry: UInt64 = 0
        for index in 0...divisor.count {
            carry += UInt64(rest[place + index])
            if index < divisor.count { carry += UInt64(divisor[index]) }
            rest[place + index] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
        }
    }
}
