// The rules of Protobuf that a new version can break, by Confluent's names and sentences.
// Source: Confluent's protobuf/diff/Difference.java. What is compatible is not listed.

enum ProtobufDifference: String {
    case messageRemoved = "MESSAGE_REMOVED"
    case fieldKindChanged = "FIELD_KIND_CHANGED"
    case fieldScalarKindChanged = "FIELD_SCALAR_KIND_CHANGED"
    case fieldNamedTypeChanged = "FIELD_NAMED_TYPE_CHANGED"
    case fieldNumericLabelChanged = "FIELD_NUMERIC_LABEL_CHANGED"
    case requiredFieldAdded = "REQUIRED_FIELD_ADDED"
    case requiredFieldRemoved = "REQUIRED_FIELD_REMOVED"
    case oneofFieldRemoved = "ONEOF_FIELD_REMOVED"
    case multipleFieldsMovedToOneof = "MULTIPLE_FIELDS_MOVED_TO_ONEOF"
    case fieldMovedToExistingOneof = "FIELD_MOVED_TO_EXISTING_ONEOF"

    func description(at path: String) -> String {
        switch self {
        case .messageRemoved:
            "The {reader} schema is missing a MESSAGE type at path '\(path)' in the {writer} schema"
        case .fieldKindChanged:
            "The type of a field at path '\(path)' in the {reader} schema does not match the "
                + "{writer} schema"
        case .fieldScalarKindChanged:
            "The kind of a SCALAR field at path '\(path)' in the {reader} schema does not match "
                + "its kind in the {writer} schema"
        case .fieldNamedTypeChanged:
            "The type of a MESSAGE field at path '\(path)' in the {reader} schema does not match "
                + "its type in the {writer} schema"
        case .fieldNumericLabelChanged:
            "The label for a NUMERIC field at path '\(path)' in the {reader} schema does not "
                + "match its label in the {writer} schema"
        case .requiredFieldAdded:
            "A required field  at path '\(path)' in the {reader} schema is missing in the "
                + "{writer} schema"
        case .requiredFieldRemoved:
            "The {reader} schema is missing a required field at path: '\(path)' in the {writer} "
                + "schema"
        case .oneofFieldRemoved:
            "The {reader} schema is missing a oneof field at path '\(path)' in the {writer} schema"
        case .multipleFieldsMovedToOneof:
            "Multiple fields in the oneof at path '\(path)' in the {reader} schema are outside a "
                + "oneof in the {writer} schema"
        case .fieldMovedToExistingOneof:
            "A field in the oneof at path '\(path)' in the {reader} schema is outside an existing "
                + "oneof in the {writer} schema"
        }
    }
}
