// A session with a Cassandra. (SEAM ONLY: bodies follow in minutes.)

package import CQLProtocol
package import Logging
package import MillraceBase

package final class CQLSession: Sendable {
    package static func connect(_ endpoint: Endpoint, logger: Logger) async throws(CQLError) -> CQLSession {
        throw .closed
    }
    package func execute(
        _ cql: String, _ values: [CQLValue] = [], pageSize: Int32 = CQLClientLimits.pageSize,
        pagingState: [UInt8]? = nil
    ) async throws(CQLError) -> CQLRows { throw .closed }
    package func prepare(_ cql: String) async throws(CQLError) -> PreparedStatement { throw .closed }
    package func execute(
        _ statement: PreparedStatement, _ values: [CQLValue] = [],
        pageSize: Int32 = CQLClientLimits.pageSize, pagingState: [UInt8]? = nil
    ) async throws(CQLError) -> CQLRows { throw .closed }
    package func executeAll(
        _ statement: PreparedStatement, rows: EncodedRows,
        inFlightMax: Int = CQLClientLimits.bulkInFlight
    ) async throws(CQLError) {}
    package func close() async {}
}
