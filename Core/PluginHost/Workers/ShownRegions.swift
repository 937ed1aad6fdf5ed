import Mail
import WorkerLink

/// The bytes that a worker has been shown, each under a number, until the last run that showed them has ended.
struct ShownRegions {
    private var regions: [ObjectIdentifier: (number: UInt64, uses: Int, region: Region)] = [:]
    private var lastNumber: UInt64 = 0

    /// Larger ones go by descriptor.
    static let mostInline = 64 << 10

    /// A number that nothing has had before.
    mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// One run more shows it. `isNew`: the worker does not know the number yet.
    mutating func use(_ region: Region) -> (number: UInt64, isNew: Bool) {
        let key = ObjectIdentifier(region)
        if regions[key] != nil {
            regions[key]!.uses += 1
            return (regions[key]!.number, false)
        }
        let number = nextNumber()
        regions[key] = (number, 1, region)
        return (number, true)
    }

    /// One run less does. Its number, where that was the last.
    mutating func release(_ region: Region) -> UInt64? {
        let key = ObjectIdentifier(region)
        guard let shown = regions[key] else { return nil }
        if shown.uses > 1 {
            regions[key]!.uses -= 1
            return nil
        }
        regions[key] = nil
        return shown.number
    }

    /// Those that would go by descriptor, and have to be shown.
    func unknown(_ regions: [Region]) -> [Region] {
        regions.filter { $0.count > Self.mostInline && self.regions[ObjectIdentifier($0)] == nil }
    }

    mutating func removeAll() { regions = [:] }
}
