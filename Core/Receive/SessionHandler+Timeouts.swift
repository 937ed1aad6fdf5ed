import Mail
import NIOCore
import SMTP

/// One timer for a session: it wakes at the earliest moment at which anything can be due and looks, so that no read has to move it.
extension SessionHandler {
    /// For the last reply to go out.
    private static let lastWriteTime = TimeAmount.seconds(10)
    /// For the client to see it and to close.
    private static let lingerTime = TimeAmount.seconds(2)

    func startTimer() { schedule(in: shortestTimeout) }

    /// The session has ended: a client that reads no reply, or never finishes its TLS handshake, must not keep the connection.
    func forceClose() {
        timer?.cancel()
        timer = nil
        guard channel.isActive else { return }
        timer = channel.eventLoop.scheduleTask(in: Self.lastWriteTime) { [channel] in channel.close(promise: nil) }
    }

    /// The last reply is out.
    func awaitEnd() {
        timer?.cancel()
        timer = channel.eventLoop.scheduleTask(in: Self.lingerTime) { [channel] in channel.close(promise: nil) }
    }

    private func schedule(in delay: TimeAmount) {
        timer = channel.eventLoop.scheduleTask(in: delay) { self.look() }
    }

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

    private func look() {
        guard !machine.hasEnded else { return }
        guard let due else { return schedule(in: shortestTimeout) }
        let left = due - channel.eventLoop.now
        if left <= .zero { return timeOut() }
        schedule(in: min(left, shortestTimeout))
    }

    private func timeOut() {
        guard case .awaitingTLS = opening else { return perform(machine.timedOut()) }
        closeReason = "no TLS handshake"
        channel.close(promise: nil)
    }
}
