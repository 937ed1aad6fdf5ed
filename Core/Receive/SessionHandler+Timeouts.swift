import Mail
import NIOCore
import SMTP

/// One timer for a session: it wakes at the earliest moment at which anything can be due and looks, so that no read has to move it.
extension SessionHandler: Timed {
    /// For the last reply to go out.
    private static let lastWriteTime = TimeAmount.seconds(10)
    /// For the client to see it and to close.
    private static let lingerTime = TimeAmount.seconds(2)

    func startTimer() { wake(in: shortestTimeout) }

    /// The session has ended: a client that reads no reply, or never finishes its TLS handshake, must not keep the connection.
    func forceClose() {
        if channel.isActive { wake(in: Self.lastWriteTime) } else { timers.forget(self) }
    }

    /// The last reply is out.
    func awaitEnd() { if !isClosed { wake(in: Self.lingerTime) } }

    private func wake(in delay: TimeAmount) { timers.wake(self, in: delay) }

    private var shortestTimeout: TimeAmount {
        let limits = machine.limits
        return max(TimeAmount(min(limits.commandTimeout, limits.dataTimeout, limits.transactionTimeout)), .milliseconds(1))
    }

    /// nil: nothing is due while the inspector is deciding; it has its own deadlines.
    private var due: NIODeadline? {
        if machine.isAsking || machine.hasEnded { return nil }
        let quiet = lastActivity + TimeAmount(machine.isReadingData ? machine.limits.dataTimeout : machine.limits.commandTimeout)
        return transactionEnd.map { min(quiet, $0) } ?? quiet
    }

    func look() {
        if machine.hasEnded { return channel.close(promise: nil) }
        guard let due else { return wake(in: shortestTimeout) }
        let left = due - channel.eventLoop.now
        if left <= .zero { return timeOut() }
        wake(in: min(left, shortestTimeout))
    }

    private func timeOut() {
        guard case .awaitingTLS = opening else { return perform(machine.timedOut()) }
        closeReason = "no TLS handshake"
        channel.close(promise: nil)
    }
}
