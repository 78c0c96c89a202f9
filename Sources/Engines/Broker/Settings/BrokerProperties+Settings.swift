// How the settings of the table come into a configuration, and how what is not in it is refused.

import Foundation

extension BrokerProperties {
    /// Refuses what is no setting here: all of it at once, each class with what to do about it.
    func checkNames() throws(BrokerError) {
        var reasons: [(because: String, names: [String])] = []
        for name in names {
            guard let because = Self.refusal(of: name) else { continue }
            if let known = reasons.firstIndex(where: { $0.because == because }) {
                reasons[known].names.append(name)
            } else {
                reasons.append((because, [name]))
            }
        }
        guard let first = reasons.first else { return }
        let more = reasons.dropFirst().map { reason in
            "; \(reason.names.joined(separator: ", ")): \(reason.because)"
        }
        throw .security(
            first.names.joined(separator: ", "), because: first.because + more.joined())
    }

    private static func refusal(of name: String) -> String? {
        let (own, isOfListener) = listenerParts(name).map { ($0.setting, true) } ?? (name, false)
        guard isKnown(own) else {
            return ForeignSettings.reason(for: own) ?? "there is no setting of that name"
        }
        let isMisplaced = isOfListener && !perListener.contains(own)
        return isMisplaced ? "\(own) is one for all listeners" : nil
    }

    /// Takes all that the table has.
    mutating func applySettings(to configuration: inout BrokerConfiguration) throws(BrokerError) {
        for setting in StartSetting.all {
            guard let text = takeText(setting.name) else { continue }
            if let fault = setting.fault(text) { throw .security(setting.name, because: fault) }
            setting.apply(text, to: &configuration)
        }
        if let (name, because) = configuration.groups.fault() {
            throw .security(name, because: because)
        }
        let lags = ["min", "max"].map { "log.cleaner.\($0).compaction.lag.ms" }
        let given = lags.map { configuration.given[$0].flatMap { Int64($0) } }
        if let least = given[0], let most = given[1], least > most {
            throw .security(lags[0], because: "it is above \(lags[1]), \(most)")
        }
        guard configuration.durability == .none else { return }
        for name in ["log.flush.interval.messages", "log.flush.interval.ms"]
        where configuration.given[name] != nil {
            throw .security(name, because: "with durability=none the broker never flushes")
        }
    }
}
