import Mail

/// AUTH (RFC 4954).
extension ServerMachine {
    /// Rejected logins in one session until it ends: a person gives up sooner.
    static let mostFailedLogins = 3

    /// Offered in this session as it is now: passwords go over TLS only.
    var offersAuthentication: Bool { options.authentication != .off && facts.tls != nil && facts.login == nil }

    var isAuthenticationMissing: Bool { options.authentication == .required && facts.login == nil }

    mutating func authenticate(_ mechanism: String, _ initial: [UInt8]?) -> ServerAction {
        guard options.authentication != .off else { return refuse(ServerReply.authenticationNotOffered, during: .auth) }
        guard session.hasGreeted, facts.isESMTP else { return refuse(ServerReply.needHello, during: .auth) }
        guard facts.tls != nil else { return refuse(ServerReply.encryptionRequired, during: .auth) }
        guard facts.login == nil else { return refuse(ServerReply.authenticatedAlready) }
        guard transaction == nil else { return refuse(ServerReply.nestedMail) }
        guard var dialogue = AuthenticationDialogue(mechanism: mechanism) else {
            return refuse(ServerReply.unknownMechanism, during: .auth)
        }
        let step = dialogue.start(initial)
        return follow(step, dialogue)
    }

    /// A line of the client while the dialogue is open.
    mutating func continueAuthentication(_ dialogue: AuthenticationDialogue, _ line: UnsafeRawBufferPointer) -> ServerAction {
        var dialogue = dialogue
        let step = dialogue.respond(line)
        return follow(step, dialogue)
    }

    private mutating func follow(_ step: AuthenticationDialogue.Step, _ dialogue: AuthenticationDialogue) -> ServerAction {
        state = .commands
        switch step {
        case .challenge(let text):
            state = .authenticating(dialogue)
            return .reply(Reply(ReplyStatus(bare: 334), text))
        case .credentials(let credentials): return ask(.authenticate(credentials))
        case .refuse(let reply): return refuse(reply, during: .auth)
        }
    }

    /// The answer to `.ask(.authenticate)`.
    public mutating func authenticated(_ outcome: AuthenticationOutcome) -> ServerAction {
        guard case .asking(.authenticate) = state else {
            if case .ended = state { return .wait }
            preconditionFailure("an answer without a question")
        }
        state = .commands
        switch outcome {
        case .accepted(let login):
            facts.login = login
            session.failedLogins = 0
            return .reply(ServerReply.authenticated)
        case .refused(let reply):
            if reply.code == 421 { return end(reply) }
            session.failedLogins += 1
            if session.failedLogins >= Self.mostFailedLogins { return end(ServerReply.tooManyFailedLogins) }
            return rejected(reply)
        }
    }
}
