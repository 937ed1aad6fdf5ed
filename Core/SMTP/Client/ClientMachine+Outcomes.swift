import Mail

/// What a reply means for the recipients, and of whom it speaks.
extension ClientMachine {
    mutating func outcome(_ reply: Reply, _ step: Running.Step) -> DeliveryOutcome {
        if reply.isPositive { return .delivered(reply) }
        var failure = DeliveryFailure(reply: reply, detail: "in reply to \(step.word)")
        let wantsTLS = demandsTLS(reply, step)
        if wantsTLS { hasDemandedTLS = true }
        if wantsTLS || Self.isServersOwn(reply, step) {
            failure.isNextHopsFault = true
            return .deferred(failure)
        }
        if reply.isTransient { return .deferred(failure) }
        // It will have nothing from us (x.7.x, RFC 3463 section 3.8); another server of the domain may.
        failure.isNextHopsFault = reply.status.subject == 7 && (step == .mail || step == .data)
        return .bounced(failure)
    }

    /// True when it is about the server's own state: a full disk, a mistake in its configuration, a command that it does not know.
    private static func isServersOwn(_ reply: Reply, _ step: Running.Step) -> Bool {
        let (subject, detail) = (reply.status.subject, reply.status.detail)
        // x.3.x is the mail system's status, but x.3.4 (too large) is about the message.
        let isSystems = subject == 3 && detail != 4
        // Nothing was said of a recipient or of what the message holds.
        guard step == .mail || step == .data else { return reply.isTransient && isSystems }
        if reply.isTransient || isSystems || subject == 4 { return true }
        return subject != 1 && (500...504).contains(reply.code) || reply.code == 521 || reply.code == 530
    }

    /// 530, or a security status that need not be about the message, where TLS was there to be had (RFC 3207 section 4).
    private func demandsTLS(_ reply: Reply, _ step: Running.Step) -> Bool {
        guard !isEncrypted, tls == .opportunistic, capabilities.hasSTARTTLS, reply.isPermanent else { return false }
        switch step {
        case .mail, .recipient, .data: break
        default: return false
        }
        return reply.code == 530 || (reply.status.subject == 7 && [0, 10].contains(reply.status.detail))
    }
}
