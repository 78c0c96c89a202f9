// What a request names twice is answered once.

extension Sequence {
    /// The first element of each key, in their order.
    ///
    /// A request of a few bytes for each name would otherwise be answered with kilobytes for each, as
    /// often as it repeats one; clients look the answers up by their names.
    func once<Key: Hashable>(by key: (Element) -> Key) -> [Element] {
        var seen: Set<Key> = []
        return filter { seen.insert(key($0)).inserted }
    }
}

extension Sequence where Element: Hashable {
    func once() -> [Element] { once { $0 } }
}
