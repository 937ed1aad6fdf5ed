import Mail

/// The mail-flow log: lines go into a bounded buffer, and one thread of its own writes them, every 100 ms or 64 KiB, whichever is first.
/// Callers never wait for the disk: when the buffer is full, or the disk is, lines are dropped, and an event `log_dropped` counts them.
public final class MailFlowLog: MailLog {
    public enum Output: Sendable, Hashable {
        case standardOutput
        /// Appended to, made with mode 0640.
        case file(String)
    }

    public struct OpenFailure: Error, CustomStringConvertible {
        public let description: String
    }

    private let format: LogFormat
    private let clock: any WallClock
    private let pipe: LogPipe

    public init(output: Output = .standardOutput, format: LogFormat = .logfmt, clock: any WallClock) throws(OpenFailure) {
        self.format = format
        self.clock = clock
        pipe = try LogPipe(output: output) { dropped, time in
            LogLine(MailEvent("log_dropped", [("lines", .integer(dropped))]), at: time, format: format).bytes
        }
        pipe.start(clock: clock)
    }

    deinit { pipe.stop() }

    /// Any thread. One short lock; never waits for the disk.
    public func write(_ event: MailEvent) {
        pipe.append(LogLine(event, at: clock.now, format: format).bytes)
    }

    /// After the file was moved away: the next lines go into a new one of the same name. When it cannot be made, the old one goes on and
    /// standard error says so.
    public func reopen() { pipe.reopen() }

    /// Returns when all that was written before is with the operating system, or was dropped.
    public func flush() { pipe.flush() }

    /// Writes what is there and ends the thread; what comes later is dropped.
    public func close() { pipe.stop() }

    /// Lines that never were written, since the start.
    public var droppedLines: Int { pipe.droppedInAll }
}
