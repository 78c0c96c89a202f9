// The rules of JSON Schema that a new version can break, by Confluent's names and sentences.
// Source: Confluent's json/diff/Difference.java. What is compatible is not listed.

enum JSONSchemaDifference: String, Sendable {
    case schemaAdded = "SCHEMA_ADDED"
    case typeNarrowed = "TYPE_NARROWED"
    case typeChanged = "TYPE_CHANGED"
    /// Ours: more than we compare.
    case tooLarge = "SCHEMA_TOO_LARGE"

    case maxLengthAdded = "MAX_LENGTH_ADDED"
    case maxLengthDecreased = "MAX_LENGTH_DECREASED"
    case minLengthAdded = "MIN_LENGTH_ADDED"
    case minLengthIncreased = "MIN_LENGTH_INCREASED"
    case patternAdded = "PATTERN_ADDED"
    case patternChanged = "PATTERN_CHANGED"

    case maximumAdded = "MAXIMUM_ADDED"
    case maximumDecreased = "MAXIMUM_DECREASED"
    case minimumAdded = "MINIMUM_ADDED"
    case minimumIncreased = "MINIMUM_INCREASED"
    case exclusiveMaximumAdded = "EXCLUSIVE_MAXIMUM_ADDED"
    case exclusiveMaximumDecreased = "EXCLUSIVE_MAXIMUM_DECREASED"
    case exclusiveMinimumAdded = "EXCLUSIVE_MINIMUM_ADDED"
    case exclusiveMinimumIncreased = "EXCLUSIVE_MINIMUM_INCREASED"
    case multipleOfAdded = "MULTIPLE_OF_ADDED"
    case multipleOfExpanded = "MULTIPLE_OF_EXPANDED"
    case multipleOfChanged = "MULTIPLE_OF_CHANGED"

    case requiredAttributeAdded = "REQUIRED_ATTRIBUTE_ADDED"
    case maxPropertiesAdded = "MAX_PROPERTIES_ADDED"
    case maxPropertiesDecreased = "MAX_PROPERTIES_DECREASED"
    case minPropertiesAdded = "MIN_PROPERTIES_ADDED"
    case minPropertiesIncreased = "MIN_PROPERTIES_INCREASED"
    case additionalPropertiesRemoved = "ADDITIONAL_PROPERTIES_REMOVED"
    case additionalPropertiesNarrowed = "ADDITIONAL_PROPERTIES_NARROWED"
    case unevaluatedPropertiesRemoved = "UNEVALUATED_PROPERTIES_REMOVED"
    case unevaluatedPropertiesNarrowed = "UNEVALUATED_PROPERTIES_NARROWED"
    case dependencyArrayAdded = "DEPENDENCY_ARRAY_ADDED"
    case dependencyArrayExtended = "DEPENDENCY_ARRAY_EXTENDED"
    case dependencyArrayChanged = "DEPENDENCY_ARRAY_CHANGED"
    case dependencySchemaAdded = "DEPENDENCY_SCHEMA_ADDED"
    case requiredAddedToOpen = "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"
    case requiredWithDefaultAddedToOpen =
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL"
    case optionalAddedToOpen = "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"
    case requiredAddedToUnopen = "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL"
    case propertyRemovedFromClosed = "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"
    case propertyRemovedNotCovered =
        "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
    case propertyAddedNotCovered = "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"

    case maxItemsAdded = "MAX_ITEMS_ADDED"
    case maxItemsDecreased = "MAX_ITEMS_DECREASED"
    case minItemsAdded = "MIN_ITEMS_ADDED"
    case minItemsIncreased = "MIN_ITEMS_INCREASED"
    case maxContainsAdded = "MAX_CONTAINS_ADDED"
    case maxContainsDecreased = "MAX_CONTAINS_DECREASED"
    case minContainsAdded = "MIN_CONTAINS_ADDED"
    case minContainsIncreased = "MIN_CONTAINS_INCREASED"
    case uniqueItemsAdded = "UNIQUE_ITEMS_ADDED"
    case additionalItemsRemoved = "ADDITIONAL_ITEMS_REMOVED"
    case additionalItemsNarrowed = "ADDITIONAL_ITEMS_NARROWED"
    case unevaluatedItemsRemoved = "UNEVALUATED_ITEMS_REMOVED"
    case unevaluatedItemsNarrowed = "UNEVALUATED_ITEMS_NARROWED"
    case itemAddedToOpen = "ITEM_ADDED_TO_OPEN_CONTENT_MODEL"
    case itemRemovedFromClosed = "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL"
    case itemRemovedNotCovered = "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
    case itemAddedNotCovered = "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"

    case enumArrayNarrowed = "ENUM_ARRAY_NARROWED"
    case enumArrayChanged = "ENUM_ARRAY_CHANGED"
    case combinedTypeChanged = "COMBINED_TYPE_CHANGED"
    case combinedTypeSubschemasChanged = "COMBINED_TYPE_SUBSCHEMAS_CHANGED"
    case productTypeExtended = "PRODUCT_TYPE_EXTENDED"
    case sumTypeNarrowed = "SUM_TYPE_NARROWED"
    case notTypeExtended = "NOT_TYPE_EXTENDED"

    func description(at path: String) -> String {
        switch self {
        case .maximumAdded, .minimumAdded, .exclusiveMaximumAdded, .exclusiveMinimumAdded,
            .multipleOfAdded, .maxLengthAdded, .minLengthAdded, .patternAdded,
            .requiredAttributeAdded, .maxPropertiesAdded, .minPropertiesAdded,
            .dependencyArrayAdded, .dependencySchemaAdded, .maxItemsAdded, .minItemsAdded,
            .maxContainsAdded, .minContainsAdded, .uniqueItemsAdded, .additionalItemsRemoved,
            .additionalPropertiesRemoved, .unevaluatedPropertiesRemoved, .unevaluatedItemsRemoved:
            "The keyword at path '\(path)' in the {reader} schema is not present in the {writer} "
                + "schema"
        case .minLengthIncreased, .minimumIncreased, .exclusiveMinimumIncreased,
            .minPropertiesIncreased, .multipleOfExpanded, .minItemsIncreased,
            .minContainsIncreased:
            "The value at path '\(path)' in the {reader} schema is more than its value in the "
                + "{writer} schema"
        case .maxLengthDecreased, .maximumDecreased, .maxItemsDecreased, .maxContainsDecreased,
            .exclusiveMaximumDecreased, .maxPropertiesDecreased:
            "The value at path '\(path)' in the {reader} schema is less than its value in the "
                + "{writer} schema"
        case .patternChanged, .multipleOfChanged, .dependencyArrayChanged:
            "The value at path '\(path)' is different between the {reader} and {writer} schema"
        case .additionalItemsNarrowed, .enumArrayNarrowed, .sumTypeNarrowed,
            .additionalPropertiesNarrowed, .unevaluatedPropertiesNarrowed,
            .unevaluatedItemsNarrowed:
            "An array or combined type at path '\(path)' has fewer elements in the {reader} "
                + "schema than the {writer} schema"
        case .dependencyArrayExtended, .productTypeExtended, .notTypeExtended:
            "An array or combined type at path '\(path)' has more elements in the {reader} "
                + "schema than the {writer} schema"
        case .typeChanged, .typeNarrowed, .combinedTypeChanged, .combinedTypeSubschemasChanged,
            .enumArrayChanged:
            "A type at path '\(path)' is different between the {reader} schema and the {writer} "
                + "schema"
        case .requiredAddedToOpen, .requiredWithDefaultAddedToOpen, .optionalAddedToOpen,
            .itemAddedToOpen:
            "The {reader} schema has an open content model and has a property or item at path "
                + "'\(path)' which is missing in the {writer} schema"
        case .requiredAddedToUnopen:
            "The {reader} schema has an unopen content model and has a required property at path "
                + "'\(path)' which is missing in the {writer} schema"
        case .propertyRemovedFromClosed, .itemRemovedFromClosed:
            "The {reader} schema has a closed content model and is missing a property or item "
                + "present at path '\(path)' in the {writer} schema"
        case .propertyRemovedNotCovered, .itemRemovedNotCovered:
            "A property or item is missing in the {reader} schema but present at path '\(path)' "
                + "in the {writer} schema and is not covered by its partially open content model"
        case .propertyAddedNotCovered, .itemAddedNotCovered:
            "The {reader} schema has a property or item at path '\(path)' which is missing in "
                + "the {writer} schema and is not covered by its partially open content model"
        case .schemaAdded:
            "The {reader} schema asks for something at path '\(path)' that the {writer} schema "
                + "leaves open"
        case .tooLarge: "The schemas are too large to be compared at path '\(path)'"
        }
    }
}
