/// Which of a transaction's recipients something is about, by index.
public struct RecipientSet: Hashable, Sendable {
    /// nil: all of them, those still to come included.
    public private(set) var words: [UInt64]?

    private init(words: [UInt64]?) { self.words = words }

    public static let all = RecipientSet(words: nil)
    public static let none = RecipientSet(words: [])

    public init(_ indices: some Sequence<Int>) {
        words = []
        for index in indices { insert(index) }
    }

    /// Bit i of word i/64 is recipient i. Bits past the last recipient mean nothing.
    public init(words: some Sequence<UInt64>) { self.words = Array(words) }

    public mutating func insert(_ index: Int) {
        guard var words else { return }
        while words.count <= index / 64 { words.append(0) }
        words[index / 64] |= 1 << UInt64(index % 64)
        self.words = words
    }

    public func contains(_ index: Int) -> Bool {
        guard let words else { return true }
        return index / 64 < words.count && words[index / 64] >> UInt64(index % 64) & 1 == 1
    }

    public func intersection(_ other: RecipientSet) -> RecipientSet {
        guard let mine = words else { return other }
        guard let theirs = other.words else { return self }
        return RecipientSet(words: zip(mine, theirs).map { $0 & $1 })
    }

    public var isEmpty: Bool { words.map { $0.allSatisfy { $0 == 0 } } ?? false }
}
