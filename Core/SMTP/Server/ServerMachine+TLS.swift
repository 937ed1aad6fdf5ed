import Mail

/// STARTTLS (RFC 3207).
extension ServerMachine {
    /// A client waits for our 220 before it says more. What stands behind the command already was put there by somebody else, to be taken for
    /// something said under TLS: the session ends.
    mutating func startTLS(hasMore: Bool) -> ServerAction {
        guard facts.tls == nil else { return refuse(ServerReply.tlsIsActive) }
        guard options.offersTLS else { return refuse(ServerReply.tlsNotAvailable) }
        if hasMore { return end(ServerReply.injection) }
        dropTransaction()
        state = .handshake
        return .startTLS(ServerReply.readyForTLS)
    }

    /// The handshake is done. Whatever was said in clear is forgotten (section 4.2); the counters stay, or a client could start them anew.
    public mutating func tlsStarted(_ tls: TLSFacts) -> ServerAction {
        guard case .handshake = state else { return .wait }
        facts.tls = tls
        facts.helo = nil
        facts.isESMTP = false
        session.hasGreeted = false
        state = .commands
        return .wait
    }
}
