// One version of a subject, and the modes a subject can be in.

import MillraceBase
import MillraceSchemas

struct SchemaVersion: Sendable, Equatable {
    var subject: String
    var version: Int
    var id: Int
    let stored: StoredContent
    /// Softly: it is still found by its id.
    var isDeleted = false
    /// When its record was written, in milliseconds since 1970; `nil` when the broker does not say.
    var milliseconds: Int64?
    /// Empty for most; known without reading the rest.
    let references: [SchemaReference]

    init(subject: String, version: Int, id: Int, content: SchemaContent) {
        self.subject = subject
        self.version = version
        self.id = id
        stored = StoredContent(content)
        references = content.references
    }

    init(
        subject: String, version: Int, id: Int, stored: StoredContent,
        references: [SchemaReference]
    ) {
        self.subject = subject
        self.version = version
        self.id = id
        self.stored = stored
        self.references = references
    }

    var content: SchemaContent { stored.content }

    static func == (a: Self, b: Self) -> Bool {
        (a.subject, a.version, a.id, a.isDeleted) == (b.subject, b.version, b.id, b.isDeleted)
            && a.content == b.content
    }
}

/// Source: Confluent's storage/Mode.
enum RegistryMode: String, Sendable, CaseIterable {
    case readWrite = "READWRITE"
    case readOnly = "READONLY"
    /// Of all subjects, whatever their own mode is.
    case readOnlyOverride = "READONLY_OVERRIDE"
    /// Ids and versions come with the schemas, and nothing is compared.
    case importing = "IMPORT"
    /// As `IMPORT`, for a registry that another one forwards to.
    case forward = "FORWARD"

    var isReadOnly: Bool {
        switch self {
        case .readOnly, .readOnlyOverride: true
        case .readWrite, .importing, .forward: false
        }
    }

    var takesIDs: Bool {
        switch self {
        case .importing, .forward: true
        case .readWrite, .readOnly, .readOnlyOverride: false
        }
    }
}
