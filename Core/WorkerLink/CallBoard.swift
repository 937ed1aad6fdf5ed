import Synchronization

/// Which runs a worker is in a call of, in memory that outlives it: when it dies, one of these ended it, most likely. Believed only for the
/// order in which runs are tried again. The last page of the link's memory; any thread.
public struct CallBoard: Sendable {
    public static let bytes = 4096
    /// Of threads at once; a call beyond that is not noted.
    private static let places = 64

    private let memory: SharedMemory

    public init(_ memory: SharedMemory) { self.memory = memory }

    private func place(_ i: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (memory.base + (memory.count - Self.bytes + i * 8)).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// `run` is called from now on until `leave` of what this gives.
    public func enter(_ run: UInt64) -> Int? {
        (0..<Self.places).first {
            place($0).pointee.load(ordering: .relaxed) == 0
                && place($0).pointee.compareExchange(expected: 0, desired: run, ordering: .sequentiallyConsistent).exchanged
        }
    }

    public func leave(_ i: Int?) { if let i { place(i).pointee.store(0, ordering: .sequentiallyConsistent) } }

    /// Those under way.
    public var runs: Set<UInt64> {
        Set((0..<Self.places).lazy.map { place($0).pointee.load(ordering: .sequentiallyConsistent) }.filter { $0 != 0 })
    }
}
