import Mail

/// What becomes of sessions, in the log and the metrics.
extension Inspector {
    /// Sessions of one client count together in this time; five times what one session may have is a search for addresses too.
    static let harvestWindow = Duration.seconds(600)
    static let harvestFactor = 5

    func logRefused(_ facts: SessionFacts, at phase: Phase, _ id: QueueID?, _ fields: [(StaticString, LogValue)]) {
        metrics.refused(at: phase)
        log.write(
            MailEvent(
                "refused", queueID: id, session: facts.id,
                [("at", .text("\(phase)")), ("client", .text("\(facts.client)")), ("helo", .text(facts.helo ?? ""))]
                    + (facts.login.map { [("login", .text($0))] } ?? []) + fields))
    }

    func logAuthenticated(_ facts: SessionFacts) {
        log.write(
            MailEvent(
                "authenticated", session: facts.id,
                [
                    ("client", .text("\(facts.client)")), ("helo", .text(facts.helo ?? "")), ("login", .text(facts.login ?? "")),
                    ("tls", .text(facts.tls?.version ?? "")),
                ]))
    }

    /// One more recipient that does not exist. True: this session ends now. A client that has searched in many sessions gets one question
    /// a session from then on; those whom it asks for and who exist still get their mail.
    func countUnknown(_ facts: SessionFacts, ofSession count: Int, limit: Int) -> Bool {
        metrics.unknownRecipient()
        let ofClient = unknownRecipients.add(facts.client, at: clock.now)
        guard count >= limit || ofClient >= limit * Self.harvestFactor else { return false }
        metrics.harvested()
        log.write(
            MailEvent(
                "harvest", session: facts.id,
                [
                    ("client", .text("\(facts.client)")), ("helo", .text(facts.helo ?? "")), ("unknown", .integer(count)),
                    ("client_unknown", .integer(ofClient)),
                ]))
        return true
    }

    struct LoginRefusal: Error { var reply: Reply }

    /// Asks whether the password is right, unless the client has been wrong too often. `then` comes once, on any thread.
    func authenticate(
        _ facts: SessionFacts, _ credentials: Credentials, then: @escaping @Sendable (Result<Account, LoginRefusal>) -> Void
    ) {
        let refuse = { @Sendable [self] (reply: Reply, reason: String) in
            logRefused(
                facts, at: .auth, nil, [("tried", .text(credentials.login)), ("reason", .text(reason)), ("reply", .text("\(reply)"))])
            then(.failure(LoginRefusal(reply: reply)))
        }
        guard let authenticator else { return refuse(EdgeReply.authenticationUnavailable, "no accounts") }
        let most = currentPlan.snapshot.limits.failedLoginsPerMinute
        // Counted before the check, or sessions side by side would all be let in.
        guard failedLogins.admit(facts.client, limit: most, at: clock.now) else {
            return refuse(EdgeReply.authenticationUnavailable, "limit failed_logins_per_minute")
        }
        authenticator.verify(credentials) { [self] result in
            metrics.login(result)
            switch result {
            case .accepted(let account):
                failedLogins.takeBack(facts.client)
                then(.success(account))
            case .rejected(let why): refuse(EdgeReply.authenticationFailed, why)
            case .unavailable(let why):
                failedLogins.takeBack(facts.client)
                refuse(EdgeReply.authenticationUnavailable, why)
            }
        }
    }
}
