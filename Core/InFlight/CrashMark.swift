import Glibc
import Mail
import Synchronization

/// Marks the stretch of the thread that is about to end the process, so that the others, which only happened to be under way, are not
/// blamed. What handled the signal before handles it after.
///
/// A thread that was in no stretch has none marked, and nobody is blamed. Where the handler cannot run (a stack that is used up) the header
/// says so, and all that were under way count.
enum CrashMark {
    nonisolated(unsafe) private static var memory: UnsafeMutableRawPointer?
    nonisolated(unsafe) private static var before: UnsafeMutablePointer<sigaction>?
    private static let signals: [Int32] = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

    /// Tests open several journals at once in one process; a gateway one.
    private static let installing = Mutex(())

    /// Of the process's journal, the newest if there are several; the file's memory stays mapped.
    static func install(_ file: JournalFile) { installing.withLock { _ in point(to: file) } }

    private static func point(to file: JournalFile) {
        let isFirst = memory == nil
        memory = file.memory
        guard isFirst else { return }
        // Room for every signal's number, filled before a handler can look.
        let old = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
        old.initialize(repeating: sigaction(), count: 65)
        before = old
        for number in signals {
            var action = sigaction()
            action.__sigaction_handler.sa_sigaction = { number, info, _ in CrashMark.mark(number, info) }
            action.sa_flags = SA_SIGINFO | SA_ONSTACK
            sigemptyset(&action.sa_mask)
            sigaction(number, &action, old + Int(number))
        }
    }

    /// In the handler: loads and stores of memory that is there, sigaction(2) and raise(3), nothing else.
    private static func mark(_ number: Int32, _ info: UnsafeMutablePointer<siginfo_t>?) {
        if let memory {
            memory.storeBytes(of: JournalFile.marked, toByteOffset: 12, as: UInt32.self)
            let own = UInt64(pthread_self())
            var slot = memory + JournalFile.headerSize
            var left = JournalFile.slots
            while left > 0 {
                if slot.load(as: UInt32.self) == JournalSlot.State.inUse, slot.load(fromByteOffset: 88, as: UInt64.self) == own {
                    slot.storeBytes(of: JournalSlot.State.fatal, as: UInt32.self)
                }
                slot += JournalSlot.size
                left -= 1
            }
        }
        if let before { sigaction(number, before + Int(number), nil) }
        // An instruction that faulted faults again when this returns; what was sent, or has stepped over, must be sent again.
        if let info, info.pointee.si_code <= 0 || number == SIGTRAP || number == SIGABRT { raise(number) }
    }
}
