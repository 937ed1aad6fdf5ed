import CYARA

/// Takes what libyara tells of one scan, on its thread.
final class MatchSink {
    private(set) var matches: [RuleMatch] = []
    private(set) var limited: String?
    private(set) var wasGivenUp = false
    private let isCancelled: () -> Bool

    static let most = 1000

    /// `isCancelled`: asked whenever libyara tells something; true ends the scan.
    init(isCancelled: @escaping () -> Bool) { self.isCancelled = isCancelled }

    func take(_ message: Int32, _ data: UnsafeMutableRawPointer?, _ context: UnsafeMutablePointer<YR_SCAN_CONTEXT>) -> Int32 {
        if !wasGivenUp, isCancelled() { wasGivenUp = true }
        if wasGivenUp { return CALLBACK_ERROR }
        switch message {
        case CALLBACK_MSG_RULE_MATCHING:
            guard let data, matches.count < Self.most else { break }
            matches.append(Self.match(data.assumingMemoryBound(to: YR_RULE.self), context))
        case CALLBACK_MSG_TOO_MANY_MATCHES:
            guard let data, limited == nil else { break }
            let string = data.assumingMemoryBound(to: YR_STRING.self)
            limited = "too many places match the string \(String(cString: yara_string_name(string)))"
        default: break
        }
        return CALLBACK_CONTINUE
    }

    private static func match(
        _ rule: UnsafePointer<YR_RULE>, _ context: UnsafePointer<YR_SCAN_CONTEXT>
    ) -> RuleMatch {
        var match = RuleMatch(rule: String(cString: yara_rule_name(rule)), file: String(cString: yara_rule_namespace(rule)))
        if var tag = yara_rule_tags(rule) {
            while tag.pointee != 0, match.tags.count < RuleMatch.most {
                let text = String(cString: tag)
                match.tags.append(text)
                tag += text.utf8.count + 1
            }
        }
        var meta = yara_next_meta(rule, nil)
        while let one = meta {
            take(one, into: &match)
            meta = yara_next_meta(rule, one)
        }
        var string = yara_next_string(rule, nil)
        while let one = string, match.strings.count < RuleMatch.most {
            let place = yara_first_match(context, one)
            if place >= 0 { match.strings.append((String(cString: yara_string_name(one)), Int(place))) }
            string = yara_next_string(rule, one)
        }
        return match
    }

    private static func take(_ meta: UnsafePointer<YR_META>, into match: inout RuleMatch) {
        let text = yara_meta_text(meta).map { String(cString: $0) }
        switch String(cString: yara_meta_name(meta)) {
        // The field writes it as a number or as a text.
        case "score": match.score = yara_meta_is_number(meta) != 0 ? Double(meta.pointee.integer) : text.flatMap(Double.init)
        case "symbol": match.symbol = text
        case "description": match.description = text
        default: break
        }
    }
}
