import PosternKit

/// What matches become: a symbol a rule, one a tag. Bounded. Pure.
struct MatchReport: Sendable {
    struct Finding: Equatable, Sendable {
        var symbol: String
        var factor: Double
        var detail: String
        /// The part that it was found in, among the message's; nil: the message.
        var part: Int?
    }

    private(set) var findings: [Finding] = []
    var limited: String?
    /// The part that is looked at, among the message's; nil: the message as a whole.
    var part: Int?
    private let fullScore: Double
    private let defaultScore: Double

    /// Symbols of one message.
    static let most = 128
    /// A meta `score` beyond it counts as this.
    static let highestScore = 1000.0

    init(fullScore: Double, defaultScore: Double) {
        self.fullScore = fullScore
        self.defaultScore = defaultScore
    }

    /// `place`: of the message where it matched; empty: the whole.
    mutating func add(_ match: RuleMatch, in place: String = "") {
        let named = match.symbol.map { $0.hasPrefix(YARASymbols.rule) ? String($0.dropFirst(YARASymbols.rule.utf8.count)) : $0 }
        add(SymbolName.make(YARASymbols.rule, named ?? match.rule), factor(match.score), detail(match, place))
        for tag in match.tags { add(SymbolName.make(YARASymbols.tag, tag), 1, match.rule) }
    }

    /// The same symbol twice counts once, with the higher factor: a rule may stand in a file and in one that includes it.
    private mutating func add(_ symbol: String, _ factor: Double, _ detail: String) {
        if let index = findings.firstIndex(where: { $0.symbol == symbol }) {
            if factor > findings[index].factor { findings[index] = Finding(symbol: symbol, factor: factor, detail: detail, part: part) }
            findings[index].part = findings[index].part ?? part
        } else if findings.count < Self.most {
            findings.append(Finding(symbol: symbol, factor: factor, detail: detail, part: part))
        } else {
            limited = limited ?? "more than \(Self.most) rules and tags"
        }
    }

    private func factor(_ score: Double?) -> Double {
        guard let score, score.isFinite else { return defaultScore }
        return min(max(score, -Self.highestScore), Self.highestScore) / 100 * fullScore
    }

    private func detail(_ match: RuleMatch, _ place: String) -> String {
        var text = "\(match.rule) of \(match.file)"
        if let description = match.description { text += ": " + String(description.prefix(200)) }
        if !match.strings.isEmpty {
            text += " (" + match.strings.map { "\($0.name) at \($0.offset)" }.joined(separator: ", ") + ")"
        }
        return place.isEmpty ? text : text + " in " + place
    }
}
