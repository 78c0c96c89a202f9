// Which libpq is linked.

import CPostgres

package enum PostgresLibrary {
    /// Major and minor: `15.18`.
    package static var version: String {
        let number = Int(PQlibVersion())
        return "\(number / 10_000).\(number % 10_000)"
    }
}
