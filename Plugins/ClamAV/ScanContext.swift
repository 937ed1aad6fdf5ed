import CClamAV

/// What libclamav's callbacks tell of one scan, on the thread that scans.
final class ScanContext {
    private let isCancelled: () -> Bool
    private(set) var signatures: [String] = []
    /// Of what was given to scan, not of what is in it: `CL_TYPE_MAIL`.
    private(set) var type: String?
    private(set) var wasGivenUp = false
    private(set) var lastMessage: String?

    init(isCancelled: @escaping () -> Bool) { self.isCancelled = isCancelled }

    func found(_ signature: String) {
        if signatures.count < 4 * ScanReport.most { signatures.append(signature) }
    }

    func note(_ text: String) { lastMessage = String(text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200)) }

    /// Before each file that is found inside. A scan is given up by calling the file infected, which ends it.
    func enter(_ type: String) -> cl_error_t {
        if self.type == nil { self.type = type }
        if !wasGivenUp, isCancelled() { wasGivenUp = true }
        return wasGivenUp ? CL_VIRUS : CL_CLEAN
    }

    static func of(_ context: UnsafeMutableRawPointer?) -> ScanContext? {
        context.map { Unmanaged<ScanContext>.fromOpaque($0).takeUnretainedValue() }
    }
}
