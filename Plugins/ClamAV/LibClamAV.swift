import CClamAV
import Glibc
import PosternKit
import Synchronization

/// The library as a whole: started once per process, its messages taken from stderr.
enum LibClamAV {
    /// What libclamav says while it loads comes through one function for the whole process: so one loads at a time, and is known by its
    /// thread.
    private static let loader = Mutex<Loader?>(nil)
    nonisolated(unsafe) private static let turn = {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        return mutex
    }()

    private struct Loader {
        var thread: pthread_t
        var messages: [String] = []
    }

    private static let started: cl_error_t = {
        cl_set_clcb_msg { severity, _, text, context in
            guard let text, severity.rawValue >= CL_MSG_WARN.rawValue else { return }
            if let context {
                Unmanaged<ScanContext>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.note(String(cString: text)) }
            } else {
                LibClamAV.note(String(cString: text))
            }
        }
        return cl_init(UInt32(CL_INIT_DEFAULT))
    }()

    /// Runs `load` alone, with the library started; what it was told by libclamav comes with it.
    static func loading<R>(_ load: (() -> String) throws(FilterError) -> R) throws(FilterError) -> R {
        pthread_mutex_lock(turn)
        defer { pthread_mutex_unlock(turn) }
        guard started == CL_SUCCESS else { throw FilterError("libclamav does not start: \(text(started))") }
        loader.withLock { $0 = Loader(thread: pthread_self()) }
        defer { loader.withLock { $0 = nil } }
        return try load { loader.withLock { $0?.messages ?? [] }.joined(separator: "; ") }
    }

    private static func note(_ text: String) {
        loader.withLock { loader in
            guard loader?.thread == pthread_self(), loader!.messages.count < 4 else { return }
            let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
            loader!.messages.append(String(line.prefix(200)))
        }
    }

    static func text(_ code: cl_error_t) -> String { cl_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)" }
}
