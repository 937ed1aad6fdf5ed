import CYARA
import PosternKit

/// Compiled rules: scanned with by any number of threads at once, and never changed.
final class RuleSet: @unchecked Sendable {
    // Sendable: libyara's rules are only read by its scanners.
    private let rules: UnsafeMutablePointer<YR_RULES>
    /// Those of them that may ask what a file is called; nil: none does.
    private let ofLabels: UnsafeMutablePointer<YR_RULES>?
    let files: Int
    /// Of files that were left out.
    let faults: [RuleFault]

    /// Takes them over; they may be the same.
    init(_ rules: UnsafeMutablePointer<YR_RULES>, ofLabels: UnsafeMutablePointer<YR_RULES>?, files: Int, faults: [RuleFault]) {
        self.rules = rules
        self.ofLabels = ofLabels
        self.files = files
        self.faults = faults
    }

    deinit {
        if let ofLabels, ofLabels != rules { yr_rules_destroy(ofLabels) }
        yr_rules_destroy(rules)
    }

    var count: Int { Int(yara_rule_count(rules)) }
    /// False: the same bytes by another name match nothing else.
    var asksForLabels: Bool { ofLabels != nil }

    /// Which rules.
    enum Choice { case all, ofLabels }

    /// Holds `bytes` against rules. `place`: what they are, for people; empty: the message. Throws when that was not finished: out of time,
    /// out of memory, given up.
    func scan(
        _ bytes: UnsafeRawBufferPointer, _ variables: ScanVariables, by choice: Choice = .all, seconds: Int, in place: String = "",
        into report: inout MatchReport, isCancelled: @escaping () -> Bool
    ) throws(FilterError) {
        guard let rules = choice == .all ? rules : ofLabels else { return }
        var scanner: UnsafeMutablePointer<YR_SCANNER>?
        try check(yr_scanner_create(rules, &scanner), seconds)
        guard let scanner else { throw FilterError("libyara makes no scanner") }
        defer { yr_scanner_destroy(scanner) }
        for (name, value) in variables.values { try check(yr_scanner_define_string_variable(scanner, name, value), seconds) }
        // Fast: a string of which no rule asks how often or where is looked for once. No signal handlers: they would be the whole
        // process's.
        yr_scanner_set_flags(scanner, SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING)
        yr_scanner_set_timeout(scanner, Int32(clamping: seconds))
        let sink = MatchSink(isCancelled: isCancelled)
        let code = withExtendedLifetime(sink) {
            yr_scanner_set_callback(
                scanner,
                { context, message, data, user in
                    guard let context, let user else { return CALLBACK_ERROR }
                    return Unmanaged<MatchSink>.fromOpaque(user)._withUnsafeGuaranteedRef { $0.take(message, data, context) }
                }, Unmanaged.passUnretained(sink).toOpaque())
            return yr_scanner_scan_mem(scanner, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        if sink.wasGivenUp { throw FilterError("the scan was given up") }
        try check(code, seconds)
        for match in sink.matches { report.add(match, in: place) }
        if let limited = sink.limited { report.limited = limited }
    }

    private func check(_ code: Int32, _ seconds: Int) throws(FilterError) {
        switch code {
        case ERROR_SUCCESS: return
        case ERROR_SCAN_TIMEOUT: throw FilterError("the rules took longer than \(seconds) s")
        default: throw FilterError("libyara could not scan: \(LibYARA.text(code))")
        }
    }
}
