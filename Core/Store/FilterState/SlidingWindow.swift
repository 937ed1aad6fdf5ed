/// A counter over the last while: sums in buckets a 32nd of the window wide. An amount counts for the whole window, and at most a bucket more.
struct SlidingWindow: Equatable {
    static let buckets: Int64 = 32

    /// Microseconds.
    let width: Int64
    /// In order of `index`: the bucket's start in widths since 1970. Never more than the buckets of two windows.
    private(set) var sums: [(index: Int64, amount: UInt64)] = []

    /// `window` in microseconds.
    init(window: Int64) { width = max(1, window / Self.buckets) }

    /// From what `bytes` gave; what cannot be is left out.
    init(window: Int64, _ stored: UnsafeRawBufferPointer) {
        self.init(window: window)
        for at in stride(from: 0, to: stored.count - 15, by: 16) {
            let index = Int64(bitPattern: stored.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian)
            let amount = stored.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self).littleEndian
            if index > sums.last?.index ?? .min { sums.append((index, amount)) }
        }
    }

    static func == (a: SlidingWindow, b: SlidingWindow) -> Bool {
        a.width == b.width && a.sums.elementsEqual(b.sums) { $0.index == $1.index && $0.amount == $1.amount }
    }

    var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(sums.count * 16)
        for (index, amount) in sums {
            withUnsafeBytes(of: index.littleEndian) { out.append(contentsOf: $0) }
            withUnsafeBytes(of: amount.littleEndian) { out.append(contentsOf: $0) }
        }
        return out
    }

    /// Forgets what is out of the window. A clock that was ahead for a while leaves buckets in the future: those beyond a window go too, the
    /// others count, since it is better to count too much for a moment than to forget.
    mutating func advance(to now: Int64) {
        let index = now / width
        sums.removeAll { $0.index < index - Self.buckets || $0.index > index + Self.buckets }
    }

    /// At most UInt64.max.
    var sum: UInt64 { sums.reduce(0) { Self.add($0, $1.amount) } }

    mutating func add(_ amount: UInt64, at now: Int64) {
        let index = now / width
        if let place = sums.lastIndex(where: { $0.index <= index }) {
            if sums[place].index == index {
                sums[place].amount = Self.add(sums[place].amount, amount)
            } else {
                sums.insert((index, amount), at: place + 1)
            }
        } else {
            sums.insert((index, amount), at: 0)
        }
    }

    /// When nothing of it will count any more. It moves with the buckets only, so that most additions leave the index of expiry alone.
    var expiresAt: Int64 { ((sums.last?.index ?? 0) + Self.buckets + 2) * width }

    private static func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (sum, overflows) = a.addingReportingOverflow(b)
        return overflows ? .max : sum
    }
}
