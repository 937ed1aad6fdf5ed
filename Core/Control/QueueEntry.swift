import Foundation
import Mail

/// A message in the queue or the quarantine, without its body.
public struct QueueEntry: Codable, Hashable, Sendable {
    /// The queue ID's 13 digits.
    public var id: String
    /// RFC 3339.
    public var receivedAt: String
    /// Without angle brackets; empty for `<>`.
    public var reversePath: String
    /// Bytes of the body.
    public var size: Int
    /// `inbound` or `outbound`.
    public var role: String
    /// Who had logged in to send it; absent for most.
    public var login: String?
    public var recipients: [QueueCopy]

    /// `destination`: the name of where a waiting copy goes.
    public init(_ message: StoredMessage, destination: (StoredRecipient) -> String? = { _ in nil }) {
        id = message.queueID.description
        receivedAt = CivilTime(message.receivedAt).rfc3339
        reversePath = message.reversePath.description
        size = message.size
        role = message.role.rawValue
        login = (try? JSONDecoder().decode(Session.self, from: Data(message.sessionJSON.utf8)))?.login
        recipients = message.recipients.map { QueueCopy($0, destination: $0.state == .queued ? destination($0) : nil) }
    }

    private struct Session: Decodable { var login: String? }

    enum CodingKeys: String, CodingKey {
        case id, size, role, login, recipients
        case receivedAt = "received_at"
        case reversePath = "reverse_path"
    }
}

/// One recipient's copy.
public struct QueueCopy: Codable, Hashable, Sendable {
    /// Its place in the envelope.
    public var index: Int
    public var address: String
    /// The configured domain that judged it.
    public var domain: String
    /// A word of `RecipientState`.
    public var state: String
    /// Why it is in this state, for people. May hold a peer's words: escape it before printing.
    public var reason: String
    public var score: Double
    /// Finished attempts.
    public var attempts: Int
    /// RFC 3339; absent for a copy that waits for nothing.
    public var nextAttempt: String?
    /// Where it goes, as `DestinationRecord` names it; absent for a copy that is not queued.
    public var destination: String?

    public init(_ recipient: StoredRecipient, destination: String? = nil) {
        self.destination = destination
        index = recipient.index
        address = recipient.address.description
        domain = recipient.policyDomain
        state = recipient.state.word
        reason = recipient.reason
        score = recipient.score
        attempts = recipient.attempts
        nextAttempt = recipient.state == .queued || recipient.state == .held ? CivilTime(recipient.nextAttempt).rfc3339 : nil
    }

    enum CodingKeys: String, CodingKey {
        case index, address, domain, state, reason, score, attempts, destination
        case nextAttempt = "next_attempt"
    }
}
