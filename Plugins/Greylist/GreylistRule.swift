/// A triplet's record + time -> what its client is told. Pure.
struct GreylistRule: Sendable {
    /// Microseconds.
    var delay: Int64
    var window: Int64

    enum Step: Equatable, Sendable {
        /// Remember that it was here, and let it wait.
        case begin
        /// Whole seconds that are left.
        case wait(Int)
        /// It waited, and came within the window.
        case comeBack(afterSeconds: Int)
        case known
    }

    func callAsFunction(_ record: TripletRecord?, now: Int64) -> Step {
        switch record {
        case nil: return .begin
        case .cameBack: return .known
        case .waiting(let since):
            let (waited, overflows) = now.subtractingReportingOverflow(since)
            // A clock that was set back must not make anybody wait for longer than the delay.
            if overflows || waited < 0 || waited > window { return .begin }
            return waited < delay ? .wait(Self.seconds(delay - waited)) : .comeBack(afterSeconds: Int(waited / 1_000_000))
        }
    }

    /// Rounded up: who comes when he was told to is let in.
    static func seconds(_ microseconds: Int64) -> Int { Int((microseconds + 999_999) / 1_000_000) }

    /// Whether an entry that is kept for `kept` is worth writing again: not for each mail, which would be a write to the disk.
    static func isRenewed(_ expiresAt: Int64, kept: Int64, now: Int64) -> Bool {
        expiresAt - now < kept - min(86_400_000_000, kept / 32)
    }
}
