/// Users for workers, by number.
public struct WorkerUsers: Hashable, Sendable, CustomStringConvertible {
    /// Two and more: each worker has one of its own. One: all share it.
    public var numbers: ClosedRange<UInt32>
    /// Of all; nil: the group with the user's number.
    public var group: UInt32?

    /// Numbers that neither Debian, below 60000, nor systemd (UIDS-GIDS: up to 60705, and from 61184 on) gives to anybody, and that 16 bits
    /// hold, so that a container has them too.
    public static let standard: ClosedRange<UInt32> = 60_706...61_183

    public init(_ numbers: ClosedRange<UInt32> = standard, group: UInt32? = nil) {
        self.numbers = numbers
        self.group = group
    }

    public var isShared: Bool { numbers.count == 1 }

    /// `60706-61183`, `64001`; with `:GROUP` where one is set.
    public var description: String {
        (isShared ? "\(numbers.lowerBound)" : "\(numbers.lowerBound)-\(numbers.upperBound)") + (group.map { ":\($0)" } ?? "")
    }
}
