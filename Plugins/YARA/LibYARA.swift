import CYARA

/// The library as a whole: started once per process, never ended.
enum LibYARA {
    /// nil, or why it does not start.
    static let trouble: String? = {
        let code = yr_initialize()
        if code != ERROR_SUCCESS { return "libyara does not start: \(text(code))" }
        // What was matched is mail: none of it is kept.
        yr_set_configuration_uint32(YR_CONFIG_MAX_MATCH_DATA, 0)
        return nil
    }()

    static func text(_ code: Int32) -> String {
        switch code {
        case ERROR_INSUFFICIENT_MEMORY: "out of memory"
        case ERROR_COULD_NOT_OPEN_FILE: "cannot be opened"
        case ERROR_SCAN_TIMEOUT: "out of time"
        case ERROR_TOO_MANY_SCAN_THREADS: "too many scans at once"
        case ERROR_TOO_MANY_MATCHES: "too many matches"
        case ERROR_TOO_MANY_RE_FIBERS: "a regular expression is too complex for this message"
        case ERROR_EXEC_STACK_OVERFLOW: "a condition is too complex"
        default: "error \(code)"
        }
    }
}
