import Glibc

/// Signals as bytes of a pipe, whichever thread the kernel gives them to. Once per process.
enum SignalPipe {
    nonisolated(unsafe) private static var writeEnd: Int32 = -1

    /// From now on each of `signals` is a byte to read from what is returned; nil when there is no pipe to be had.
    static func open(_ signals: [Int32]) -> Int32? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        writeEnd = ends[1]
        for number in signals {
            signal(number) { number in
                let before = errno
                var byte = UInt8(truncatingIfNeeded: number)
                // A full pipe has enough to wake up for.
                _ = write(SignalPipe.writeEnd, &byte, 1)
                errno = before
            }
        }
        unblock(signals)
        return ends[0]
    }

    /// Until `unblock` they wait, over an exec too.
    static func block(_ signals: [Int32]) { change(SIG_BLOCK, signals) }

    static func unblock(_ signals: [Int32]) { change(SIG_UNBLOCK, signals) }

    private static func change(_ how: Int32, _ signals: [Int32]) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals { sigaddset(&set, number) }
        pthread_sigmask(how, &set, nil)
    }
}
