// What the registry refuses about associations, with Confluent's codes and sentences.

extension APIError {
    static func associationNotFound(_ resource: String) -> APIError {
        APIError(404, 40410, "Association for '\(resource)' not found.")
    }

    static func resourceAssociated(_ type: String, _ resource: String) -> APIError {
        APIError(
            409, 40903,
            "An association of type '\(type)' already exists for resource '\(resource)'")
    }

    static func subjectAssociated(_ subject: String) -> APIError {
        APIError(409, 40904, "An association already exists for subject '\(subject)'")
    }

    static func subjectStronglyAssociated(_ subject: String) -> APIError {
        APIError(409, 40905, "A strong association already exists for subject '\(subject)'")
    }

    static func noActiveVersion(_ subject: String) -> APIError {
        APIError(409, 40907, "No active (non-deleted) version exists for subject '\(subject)'")
    }

    static func associationFrozen(_ association: Association) -> APIError {
        APIError(
            409, 40908,
            "The association of type  '\(association.key.associationType)' is frozen for subject "
                + "'\(association.subject)'")
    }

    static func invalidAssociation(_ property: String, _ reason: String) -> APIError {
        APIError(
            422, 42212,
            "The association specified an invalid value for property: '\(property)', reason: "
                + reason)
    }

    static let tooManyOperations = APIError(
        422, 42213, "Associations batchMutate request exceeded a configured limit")
}
