import Mail
import NIOSSL

/// Before a server hears of a message, the filters of the message's domain see who it is: once in a connection while the policy is the same.
extension NextHopConnection {
    /// Who is asked, and on whose behalf.
    struct Judge: Sendable {
        var question: RouteQuestion
        var ask: JudgePeer
    }

    func ask(_ judge: Judge) {
        judgements += 1
        isJudging = true
        let number = judgements
        judge.ask(judge.question, passes[judge.question], { facts() }) { [self] answer in
            if loop.inEventLoop {
                answered(answer, number, judge.question)
            } else {
                loop.execute { self.answered(answer, number, judge.question) }
            }
        }
    }

    private func answered(_ answer: PeerAnswer, _ number: UInt64, _ question: RouteQuestion) {
        // The connection may have ended meanwhile.
        guard isJudging, number == judgements else { return }
        isJudging = false
        switch answer {
        case .go(let policy):
            passes[question] = policy
            beginTransaction()
        case .avoid(let why): refuse(.deferred(DeliveryFailure(detail: "\(why): \(peer)", isNextHopsFault: true)))
        case .refuse(let why): refuse(.bounced(DeliveryFailure(detail: "\(why): \(peer)", isNextHopsFault: true)))
        }
    }

    private func facts() -> PeerFacts {
        var facts = PeerFacts(host: key.host, address: nil, port: 0, isLMTP: key.isLMTP, tls: tls)
        if case .ip(let address, let port) = address { (facts.address, facts.port) = (address, port) }
        facts.isVerified = tls != nil && key.tls == .verify
        facts.chain = presented.compactMap { certificate in
            guard let bytes = try? certificate.toDERBytes() else { return nil }
            return PeerCertificate(bytes: bytes, publicKey: CertificateKey.info(in: bytes) ?? [])
        }
        // A chain with a hole is none.
        if facts.chain.count != presented.count { facts.chain = [] }
        facts.names = presented.first.map(CertificateName.all) ?? []
        return facts
    }
}
