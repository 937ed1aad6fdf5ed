import Hummingbird
import Mail

/// The parameters of a request about copies, as typed values. An unknown name is refused, so that a misspelt filter does not mean everything.
enum QueueParameters {
    /// `?state=queued,held&domain=...&after=ID&limit=N`; `state=all` names every one of `possible`. `isChange`: without a filter it must
    /// say `all=true`.
    static func query(
        _ request: Request, among possible: Set<RecipientState>, otherwise states: Set<RecipientState>, isChange: Bool = false
    ) throws -> QueueQuery {
        var query = QueueQuery(states: states)
        var isAll = false
        for (name, value) in request.uri.queryParameters {
            switch name {
            case "state": query.states = try Self.states(value, among: possible)
            case "after": query.after = try id(String(value))
            case "limit":
                guard let limit = Int(value), (1...ControlLimits.pageSize).contains(limit) else {
                    throw ControlFailure(.badRequest, "limit is not a number from 1 to \(ControlLimits.pageSize)")
                }
                query.limit = limit
            case "all" where isChange && value == "true": isAll = true
            case "domain": query.filter.domain = try text(name, value)
            case "to": query.filter.to = try text(name, value)
            case "from": query.filter.from = try text(name, value)
            case "reason": query.filter.reason = try text(name, value)
            case "older":
                guard let seconds = Int(value), (0...4_000_000_000).contains(seconds) else {
                    throw ControlFailure(.badRequest, "older is no number of seconds")
                }
                query.filter.olderThan = .seconds(seconds)
            default: throw unknown(name, known: "state, domain, to, from, reason, older, after, limit" + (isChange ? ", all=true" : ""))
            }
        }
        guard !isChange || isAll || !query.filter.isEmpty else {
            throw ControlFailure(.badRequest, "no filter says which copies are meant", mend: "name one, or all=true")
        }
        return query
    }

    /// `?state=quarantined`; all of `possible` when none is named.
    static func states(_ request: Request, among possible: Set<RecipientState>) throws -> Set<RecipientState> {
        var result = possible
        for (name, value) in request.uri.queryParameters {
            guard name == "state" else { throw unknown(name, known: "state") }
            result = try states(value, among: possible)
        }
        return result
    }

    static func id(_ text: String) throws -> QueueID {
        guard let id = QueueID(text) else {
            throw ControlFailure(
                .badRequest, "'\(text.prefix(40))' is no queue ID",
                mend: "a queue ID is 13 digits and letters, as `postern queue list` shows")
        }
        return id
    }

    private static func states(_ value: Substring, among possible: Set<RecipientState>) throws -> Set<RecipientState> {
        if value == "all" { return possible }
        return Set(
            try value.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let state = RecipientState(word: word), possible.contains(state) else {
                    let words = possible.sorted { $0.rawValue < $1.rawValue }.map(\.word)
                    throw ControlFailure(
                        .badRequest, "'\(word.prefix(40))' is no state that can be named here",
                        mend: "the states are all, " + words.joined(separator: ", "))
                }
                return state
            })
    }

    private static func text(_ name: Substring, _ value: Substring) throws -> String {
        guard (1...CopyFilter.longest).contains(value.utf8.count) else {
            throw ControlFailure(.badRequest, "\(name) is no text of 1 to \(CopyFilter.longest) bytes")
        }
        return String(value)
    }

    static func unknown(_ name: Substring, known: String) -> ControlFailure {
        ControlFailure(.badRequest, "'\(name.prefix(40))' is no parameter", mend: "the parameters: \(known)")
    }
}
