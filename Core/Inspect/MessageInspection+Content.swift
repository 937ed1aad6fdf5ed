import Mail

/// The message is taken apart as far as its filters need it: once, before the first of them.
extension MessageInspection {
    /// Longer ones would hold the session's loop: they are taken apart elsewhere.
    private static let mostOnLoop = 16 << 10

    /// `then` is called on the loop, unless the message was abandoned; with what kept the content from being stored.
    func buildContent(_ needs: ContentNeeds, then: @escaping @Sendable (StoreFailure?) -> Void) {
        guard !needs.isEmpty, let builder = inspector.contents else { return then(nil) }
        let message = message
        let stretch = CriticalStretch(
            digest: message.digest, queueID: message.queueID, session: message.session.id, client: message.session.client, phase: .data)
        let build: @Sendable () -> Result<MessageContent, StoreFailure> = { [inspector] in
            inspector.journal.watch(stretch) {
                Result { () throws(StoreFailure) in try builder.content(of: message.region, needs: needs, spool: inspector.spool) }
            }
        }
        if message.region.count <= Self.mostOnLoop { return take(build(), then) }
        step = .init(name: "content", phase: .data, began: loop.uptime)
        inspector.elsewhere(message.session) { [self] in
            let result = build()
            loop.execute { [self] in
                step = nil
                if !isAbandoned { take(result, then) }
            }
        }
    }

    private func take(_ result: Result<MessageContent, StoreFailure>, _ then: (StoreFailure?) -> Void) {
        switch result {
        case .success(let content):
            message.content = content
            then(nil)
        case .failure(let failure): then(failure)
        }
    }
}
