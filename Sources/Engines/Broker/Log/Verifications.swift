// Proof that the transaction coordinator was asked before a partition joins a transaction (KIP-890).
// Source: apache/kafka VerificationStateEntry.java, UnifiedLog.maybeStartTransactionVerification

/// What `beginVerification` gives and the first transactional batch hands back. A marker that comes in
/// between makes it worthless: the batch is late, and would open a transaction nobody ends.
package struct VerificationToken: Hashable, Sendable {
    let number: UInt64
}

/// The tokens of one partition that were given and not used, as a value.
///
/// Invariant: one for each producer, and at most `Limits.verificationsPerPartitionMax`.
struct Verifications: Sendable {
    struct Entry: Sendable {
        var token: VerificationToken
        var epoch: Int16
        /// Of the batches that wait: the first one appended must not be behind it.
        var lowestSequence: Int32?
    }

    private var entries: [Int64: Entry] = [:]
    private var nextNumber: UInt64 = 1

    /// Batches of one producer that wait together share a token.
    mutating func begin(
        producerID: Int64, epoch: Int16, sequence: Int32?
    ) -> VerificationToken {
        if var known = entries[producerID], known.epoch == epoch {
            if let sequence {
                known.lowestSequence = min(known.lowestSequence ?? sequence, sequence)
                entries[producerID] = known
            }
            return known.token
        }
        if entries.count >= Limits.verificationsPerPartitionMax { forgetOldest() }
        let token = VerificationToken(number: nextNumber)
        nextNumber += 1
        entries[producerID] = Entry(token: token, epoch: epoch, lowestSequence: sequence)
        return token
    }

    /// - Returns: what was noted for the producer, if the token is the one given to it.
    func entry(of producerID: Int64, epoch: Int16, token: VerificationToken?) -> Entry? {
        guard let entry = entries[producerID], entry.token == token, entry.epoch == epoch else {
            return nil
        }
        return entry
    }

    /// The producer's transaction ended here.
    mutating func end(producerID: Int64) { entries[producerID] = nil }

    /// The producer's transaction began here: the batch with the token is written. A token that was
    /// given since then stays.
    mutating func use(_ token: VerificationToken, producerID: Int64) {
        if entries[producerID]?.token == token { entries[producerID] = nil }
    }

    private mutating func forgetOldest() {
        let oldest = entries.min { $0.value.token.number < $1.value.token.number }
        if let oldest { entries[oldest.key] = nil }
    }
}
