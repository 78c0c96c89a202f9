// Every bound of the schema languages, in one place.

enum SchemaLimits {
    /// Schemas inside each other, at most.
    static let depthMax = 100
    /// Messages that one comparison collects; the rest is not looked for.
    static let incompatibilitiesMax = 100
    /// Bytes of a schema's text.
    static let textBytesMax = 1 << 20
}
