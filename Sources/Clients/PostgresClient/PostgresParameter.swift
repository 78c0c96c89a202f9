// A value for a statement's `$1`, as PostgreSQL's binary protocol takes it.

/// The bytes of one parameter and the type they are of.
///
/// Source: the `*recv` functions of PostgreSQL's `src/backend/utils/adt`; type numbers of
/// `pg_type.dat`.
package struct PostgresParameter: Sendable {
    /// `nil` for NULL.
    let bytes: [UInt8]?
    let type: UInt32

    private enum TypeNumber {
        static let bytea: UInt32 = 17
        static let int8: UInt32 = 20
        static let text: UInt32 = 25
        static let byteaArray: UInt32 = 1_001
        static let textArray: UInt32 = 1_009
        static let int8Array: UInt32 = 1_016
    }

    package static func text(_ value: String?) -> Self {
        Self(bytes: value.map { Array($0.utf8) }, type: TypeNumber.text)
    }

    package static func bytes(_ value: [UInt8]?) -> Self {
        Self(bytes: value, type: TypeNumber.bytea)
    }

    package static func int(_ value: Int64) -> Self {
        Self(bytes: withUnsafeBytes(of: value.bigEndian, Array.init), type: TypeNumber.int8)
    }

    package static func texts(_ values: some Collection<String>) -> Self {
        array(values, of: TypeNumber.text, as: TypeNumber.textArray) { value, out in
            var value = value
            value.withUTF8 { append($0, to: &out) }
        }
    }

    /// UTF-8 without NUL, as a `text[]`.
    package static func utf8Texts(_ values: some Collection<[UInt8]>) -> Self {
        array(values, of: TypeNumber.text, as: TypeNumber.textArray) { value, out in
            value.withUnsafeBufferPointer { append($0, to: &out) }
        }
    }

    package static func byteStrings(_ values: some Collection<[UInt8]>) -> Self {
        array(values, of: TypeNumber.bytea, as: TypeNumber.byteaArray) { value, out in
            value.withUnsafeBufferPointer { append($0, to: &out) }
        }
    }

    package static func ints(_ values: some Collection<Int64>) -> Self {
        array(values, of: TypeNumber.int8, as: TypeNumber.int8Array) { value, out in
            withUnsafeBytes(of: value.bigEndian) { bytes in
                bytes.withMemoryRebound(to: UInt8.self) { append($0, to: &out) }
            }
        }
    }

    /// One dimension without NULLs (`array_recv`): dimensions, has-null, element type, size, first
    /// index.
    private static func array<Values: Collection>(
        _ values: Values, of element: UInt32, as type: UInt32,
        write: (Values.Element, inout [UInt8]) -> Void
    ) -> Self {
        var out: [UInt8] = []
        append(Int32(values.isEmpty ? 0 : 1), to: &out)
        append(Int32(0), to: &out)
        append(Int32(bitPattern: element), to: &out)
        if !values.isEmpty {
            append(Int32(values.count), to: &out)
            append(Int32(1), to: &out)
        }
        for value in values { write(value, &out) }
        return Self(bytes: out, type: type)
    }

    private static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        append(Int32(bytes.count), to: &out)
        out.append(contentsOf: bytes)
    }

    private static func append(_ value: Int32, to out: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { out.append(contentsOf: $0) }
    }
}
