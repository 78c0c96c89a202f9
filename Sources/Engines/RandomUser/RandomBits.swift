// Random numbers that are the same for the same seed, on every machine.

import CHash

/// xoshiro256** 1.0 (Blackman and Vigna), seeded by a SHA-256.
struct RandomBits {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// All people of one page come from one text; each has a stream of its own, so that asking for
    /// more people does not change the first ones.
    static func base(of text: String) -> (UInt64, UInt64, UInt64, UInt64) {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        chash_sha256(bytes, bytes.count, &digest)
        func word(_ index: Int) -> UInt64 {
            digest[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        return (word(0), word(1), word(2), word(3))
    }

    init(base: (UInt64, UInt64, UInt64, UInt64), person: Int) {
        // SplitMix64 spreads the number over the state; the base keeps its 256 bits apart from it.
        var mix = UInt64(person)
        func next() -> UInt64 {
            mix &+= 0x9E37_79B9_7F4A_7C15
            var z = mix
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        state = (base.0 ^ next(), base.1 ^ next(), base.2 ^ next(), base.3 ^ next() | 1)
        // The first outputs of similar states resemble each other.
        for _ in 0..<8 { _ = self.next() }
    }

    mutating func next() -> UInt64 {
        let product = state.1 &* 5
        let result = (product << 7 | product >> 57) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = state.3 << 45 | state.3 >> 19
        return result
    }

    /// A number from 0 up to, not including, `bound`.
    mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "there is something to choose from")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }
}
