// Every bound of the schema languages, in one place.

enum SchemaLimits {
    /// Schemas inside each other, at most.
    static let depthMax = 100
    /// Types inside each other that a comparison follows at once; what is deeper waits its turn,
    /// so that no schema exhausts the stack.
    static let comparisonDepthMax = 60
    /// Times that a comparison looks at a pair; beyond, it gives up and says so.
    static let comparisonsMax = 2_000_000
    /// Messages that one comparison collects; the rest is not looked for.
    static let incompatibilitiesMax = 100
    /// Bytes of a schema's text.
    static let textBytesMax = 1 << 20
    /// Characters of an older schema's text that a message shows.
    static let shownCharactersMax = 10 << 10
}
