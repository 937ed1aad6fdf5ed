/// A property of code points as runs of equal values.
struct CodePointRuns: Sendable {
    private var starts: [UInt32] = []
    private var values: [UInt8] = []

    /// Numbers of `value + kinds * length`.
    init(_ table: StaticString, kinds: Int) {
        var reader = TableReader(table)
        var at: UInt32 = 0
        while !reader.isAtEnd {
            let number = reader.number()
            starts.append(at)
            values.append(UInt8(number % kinds))
            at += UInt32(number / kinds)
        }
    }

    subscript(scalar: Unicode.Scalar) -> UInt8 { values[starts.indexOfLast(upTo: scalar.value)] }
}

extension [UInt32] {
    /// The last element that is not above `value`; the first one must not be.
    func indexOfLast(upTo value: UInt32) -> Int {
        var low = 0
        var high = count
        while high - low > 1 {
            let middle = (low + high) / 2
            if self[middle] <= value { low = middle } else { high = middle }
        }
        return low
    }
}

/// Joining types (RFC 5892 appendix A.1).
enum JoiningType: UInt8 {
    case none, left, right, dual, transparent, causing

    private static let runs = CodePointRuns(DomainTables.joiningTypes, kinds: 6)

    static func of(_ scalar: Unicode.Scalar) -> JoiningType { JoiningType(rawValue: runs[scalar])! }
}
