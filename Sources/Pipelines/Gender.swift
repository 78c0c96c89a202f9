// How people are told apart for landing.

import Millrace

enum Gender: String, CaseIterable, Sendable {
    case female, male, unknown

    /// The task that lands the people of this gender.
    var landingTask: String { "land_\(rawValue)" }

    /// The record's own field, else what the title says, else unknown.
    static func of(_ person: Person) -> Gender {
        if let said = Gender(rawValue: person.gender.lowercased()) { return said }
        return switch person.title.lowercased() {
        case "mr", "monsieur", "herr", "sr", "señor": .male
        case "ms", "mrs", "miss", "madame", "mademoiselle", "frau", "sra", "señora": .female
        default: .unknown
        }
    }
}
