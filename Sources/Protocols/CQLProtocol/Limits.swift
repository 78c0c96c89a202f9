// Every limit of the CQL native protocol as we speak it.

/// Bounds that hold before anything is allocated for what a peer claims.
package enum CQLLimits {
    /// The longest body of one envelope, in bytes (native_protocol_v5.spec, section 2.5).
    package static let bodyBytesMax = 256 * 1024 * 1024
    /// The longest payload of one v5 segment, in bytes: 17 bits.
    package static let segmentPayloadBytesMax = 131_071
    /// Bodies shorter than this are sent as they are by v3 and v4 connections that compress.
    package static let compressedBodyBytesMin = 512
    /// Values of one statement: their count is an unsigned 16-bit number.
    package static let valuesMax = 65_535
    /// Columns of one result: more than any table can have.
    package static let columnsMax = 65_535
    /// How deep a type may nest: `list<frozen<list<…>>>`.
    package static let typeDepthMax = 32
    /// Components of a tuple, fields of a user-defined type: an unsigned 16-bit number.
    package static let typeFieldsMax = 65_535
    /// The most dimensions of a vector: as many as Java's int has (by default Cassandra 5.0 has no other
    /// bound). A value that large fits no request.
    package static let vectorDimensionsMax = Int(Int32.max)
    /// Decimal digits that a varint or decimal may have in its text form, both ways.
    package static let numberDigitsMax = 20_000
    /// The longest operand of a product or quotient of varints and decimals, in bytes.
    package static let arithmeticBytesMax = 10_000
    /// What LZ4 can at best shrink by; a block that claims more is refused before memory is taken.
    package static let compressionRatioMax = 255
    /// The same of snappy: a copy of 64 bytes takes three.
    package static let snappyRatioMax = 64
}
