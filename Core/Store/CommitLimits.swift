/// How much waits for a writer, and how much of it becomes one transaction.
struct CommitLimits: Sendable {
    /// Entries that may wait, and the bytes of the accepts among them. Accepts beyond it are refused at once, since their sender can wait
    /// better than our memory can grow; changes are always taken (those who make them have few under way). With 512 a sync, a disk that
    /// needs a whole second for each is 16 s behind.
    var waiting = 8192
    var waitingBytes = 128 << 20
    /// So that the first of a batch does not wait for very many others.
    var batch = 512
    var batchBytes = 16 << 20
}
