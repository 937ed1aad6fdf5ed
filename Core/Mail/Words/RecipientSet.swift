/// Which of a transaction's recipients something is about, by index.
public struct RecipientSet: Hashable, Sendable {
    /// nil: all of them, those still to come included. The last word is never zero, so that equal sets have equal words.
    public private(set) var words: [UInt64]?

    public static let all = RecipientSet()
    public static let none = RecipientSet(words: [])

    private init() { words = nil }

    public init(_ indices: some Sequence<Int>) {
        words = []
        for index in indices { insert(index) }
    }

    /// Bit i of word i/64 is recipient i. Bits past the last recipient mean nothing.
    public init(words: some Sequence<UInt64>) {
        var significant = Array(words)
        while significant.last == 0 { significant.removeLast() }
        self.words = significant
    }

    /// `index` is a place in the envelope, never negative.
    public mutating func insert(_ index: Int) {
        guard let count = words?.count else { return }
        if count <= index / 64 { words!.append(contentsOf: repeatElement(0, count: index / 64 + 1 - count)) }
        words![index / 64] |= 1 << UInt64(index % 64)
    }

    public func contains(_ index: Int) -> Bool {
        guard let words else { return true }
        return index / 64 < words.count && words[index / 64] >> UInt64(index % 64) & 1 == 1
    }

    /// Its members below `count`, in order.
    public func indices(below count: Int) -> [Int] {
        guard let words else { return Array(0..<count) }
        var found: [Int] = []
        for (place, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                let index = place * 64 + rest.trailingZeroBitCount
                guard index < count else { return found }
                found.append(index)
                rest &= rest - 1
            }
        }
        return found
    }

    public func intersection(_ other: RecipientSet) -> RecipientSet {
        guard let mine = words else { return other }
        guard let theirs = other.words else { return self }
        return RecipientSet(words: zip(mine, theirs).map { $0 & $1 })
    }

    public var isEmpty: Bool { words?.isEmpty ?? false }
}
