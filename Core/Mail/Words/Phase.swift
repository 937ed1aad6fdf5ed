/// Where in a message's path a filter is asked. In the order of the path.
public enum Phase: Int, Sendable, CaseIterable, Comparable, CustomStringConvertible {
    case connect, helo, auth, mail, rcpt, data, route, peer, outcome

    public static func < (a: Phase, b: Phase) -> Bool { a.rawValue < b.rawValue }

    /// The word of manifests, logs and configuration.
    public var description: String {
        switch self {
        case .connect: "connect"
        case .helo: "helo"
        case .auth: "auth"
        case .mail: "mail"
        case .rcpt: "rcpt"
        case .data: "data"
        case .route: "route"
        case .peer: "peer"
        case .outcome: "outcome"
        }
    }

    public init?(_ word: String) {
        guard let phase = Phase.allCases.first(where: { $0.description == word }) else { return nil }
        self = phase
    }

    /// Before any recipient is known: the edge's filters only.
    public var isEdge: Bool { self < .rcpt }
}
