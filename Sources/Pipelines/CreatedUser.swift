// The shape of what the topic carries and the table holds.

import Millrace

/// A person as `users_created` carries them, one column of the table for each field.
enum CreatedUser {
    static let columns = [
        "id", "first_name", "last_name", "gender", "address", "post_code", "email", "username",
        "dob", "registered_date", "phone", "picture",
    ]

    /// All texts; without its id a record cannot be stored, so it is a dead letter.
    static let schema = StructType(
        columns.map { StructField($0, .string, nullable: $0 != "id") })
}
