import Glibc
import Mail

/// Refuses new mail before the disk is quite full, so that there is space to record what becomes of the mail that was taken: without it a
/// full queue could not even get shorter.
struct FreeSpace: Sendable {
    let folder: String
    /// Bytes that accepts leave alone.
    let reserve: Int

    /// nil: `bytes` more may be taken. Of DSNs: they are the queue's own work, so they may have half of what is kept for that; the other half
    /// is left for records, which make space.
    func refusal(_ bytes: Int, ofDSNs: Bool = false) -> StoreFailure? {
        let reserve = ofDSNs ? reserve / 2 : reserve
        var status = statvfs()
        guard reserve > 0, statvfs(folder, &status) == 0 else { return nil }
        let free = Int(clamping: status.f_bavail.multipliedReportingOverflow(by: status.f_frsize).partialValue)
        if free - bytes >= reserve { return nil }
        return StoreFailure(
            .full,
            "\(folder): only \(free >> 10) KiB are free and \(reserve >> 10) KiB are kept for the queue's own work: make space, it goes on by itself"
        )
    }
}
