import Foundation
import Mail

/// A session as JSON: in receipts, and beside a stored message so that a held copy can be judged again with what the edge had found.
enum SessionRecord {
    static func fields(_ session: SessionFacts, to w: inout JSONWriter) {
        w.field("client", session.client.description)
        w.field("client_port", session.clientPort)
        w.field("helo", session.helo ?? "")
        w.field("protocol", session.protocolName())
        w.field("listener", session.listener)
        w.field("role", session.role.rawValue)
        w.field("session", session.id)
        if let tls = session.tls {
            w.field("tls", tls.version)
            w.field("cipher", tls.cipher)
        }
        if let login = session.login { w.field("login", login) }
    }

    static func json(_ session: SessionFacts, edge verdicts: [Verdict]) -> String {
        let edge = verdicts.filter { !$0.isShadow }
        var w = JSONWriter(capacity: 384)
        w.beginObject()
        fields(session, to: &w)
        w.field("connected_at", session.connectedAt.microseconds)
        if let doubt = doubt(edge) { w.field("doubt", doubt) }
        if edge.contains(where: { !$0.symbols.isEmpty }) {
            w.key("symbols")
            w.beginArray()
            for verdict in edge {
                for symbol in verdict.symbols where symbol.recipients == .all {
                    w.beginObject()
                    w.field("name", symbol.name)
                    w.field("factor", symbol.factor)
                    w.field("default", symbol.defaultScore)
                    w.field("detail", symbol.detail)
                    w.field("filter", verdict.filter)
                    w.endObject()
                }
            }
            w.endArray()
        }
        w.endObject()
        return w.text
    }

    /// What filters before the data phase held against the message beyond their symbols. They cannot be asked again, so that a copy that is
    /// judged later may not be delivered in spite of it.
    private static func doubt(_ verdicts: [Verdict]) -> String? {
        for verdict in verdicts {
            if let failure = verdict.onFailure, failure != .skip || verdict.isRequired {
                return "\(verdict.filter) ended in \(verdict.result)"
            }
            for proposal in verdict.proposals {
                if case .addHeader = proposal.action { continue }
                return "\(verdict.filter) proposed \(proposal.action)"
            }
        }
        return nil
    }

    /// The same from text; nil: it is none.
    static func read(_ json: String) -> (session: SessionFacts, edge: [Verdict])? {
        (try? JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))).map { read($0) }
    }

    /// What is stored with a message of our own, which no client sent.
    static let ofNobody = "{}"

    /// Reads back what `json` wrote: the session, and the findings of the edge as verdicts; a doubt proposes quarantine.
    static func read(_ value: JSONValue) -> (session: SessionFacts, edge: [Verdict]) {
        var session = SessionFacts(
            id: UInt64(clamping: value["session"]?.integer ?? 0), role: ListenerRole(rawValue: value["role"]?.string ?? "") ?? .inbound,
            listener: value["listener"]?.string ?? "", client: IPAddress(value["client"]?.string ?? "") ?? IPAddress(v4: 0),
            clientPort: Int(value["client_port"]?.integer ?? 0),
            connectedAt: Timestamp(microseconds: value["connected_at"]?.integer ?? 0))
        session.helo = value["helo"]?.string
        session.isLMTP = value["protocol"]?.string?.contains("LMTP") ?? false
        session.isESMTP = value["protocol"]?.string.map { $0 != "SMTP" } ?? false
        session.tls = value["tls"]?.string.map { TLSFacts(version: $0, cipher: value["cipher"]?.string ?? "") }
        session.login = value["login"]?.string
        var edge = (value["symbols"]?.array ?? []).map { item in
            var verdict = Verdict(filter: item["filter"]?.string ?? "", phase: .connect, result: .done)
            verdict.symbols = [
                Symbol(
                    name: item["name"]?.string ?? "", factor: item["factor"]?.number ?? 1, defaultScore: item["default"]?.number ?? 0,
                    detail: item["detail"]?.string ?? "")
            ]
            return verdict
        }
        if let doubt = value["doubt"]?.string {
            var verdict = Verdict(filter: "earlier filters", phase: .mail, result: .done)
            verdict.proposals = [Proposal(.quarantine(reason: doubt))]
            edge.append(verdict)
        }
        return (session, edge)
    }
}
