// Why a record of the source is not a person we can land, and the record itself.

/// A record that does not fit. It travels to the dead-letter topic; its neighbours go on.
package struct RecordRejection: Error, Sendable, Equatable, CustomStringConvertible {
    /// Half a sentence that names the field: "email is missing". Never holds a value of the record.
    package var reason: String
    /// The record as it came, byte for byte. It may hold secrets and may be no JSON at all.
    package var raw: [UInt8]

    package init(reason: String, raw: [UInt8]) {
        self.reason = reason
        self.raw = raw
    }

    package var description: String { reason }
}
