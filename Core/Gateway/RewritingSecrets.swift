import Foundation
import Glibc
import SRS

/// The secrets of rewritten reverse-paths: one a line, the first one writes. `#` begins a comment line.
enum RewritingSecrets {
    static let leastBytes = 16
    private static let mostBytes = 64 << 10

    /// `file`: `srs.secret_file`; nil: one of our own in the data folder, made with the first start.
    static func load(_ file: String?, data: String) throws -> SenderRewriting {
        let path = file ?? data + "/srs.secret"
        if file == nil, access(path, F_OK) != 0 { try make(path) }
        guard let handle = FileHandle(forReadingAtPath: path), let bytes = try? handle.read(upToCount: mostBytes) else {
            throw StartFailure("cannot read the secrets of SRS in \(path); correct `srs.secret_file` or the file's rights")
        }
        let secrets = bytes.split(separator: UInt8(ascii: "\n")).map { line in
            String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)
        }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard !secrets.isEmpty else { throw StartFailure("\(path) holds no secret; write one of at least \(leastBytes) characters") }
        guard secrets.allSatisfy({ $0.utf8.count >= leastBytes }) else {
            throw StartFailure("\(path) holds a secret of fewer than \(leastBytes) characters; write a longer one")
        }
        return SenderRewriting(secrets: secrets.map { Array($0.utf8) })
    }

    /// Whole or not at all, for our eyes only; durable, since what is sent with it comes back weeks later.
    private static func make(_ path: String) throws {
        var random = SystemRandomNumberGenerator()
        let secret = (0..<4).map { _ in
            let digits = String(random.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        let temporary = path + ".new"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let text = Array("# Of rewritten reverse-paths (SRS). A new line above replaces it; old ones are still read.\n\(secret)\n".utf8)
        defer { if file >= 0 { close(file) } }
        guard file >= 0, write(file, text, text.count) == text.count, fsync(file) == 0, rename(temporary, path) == 0,
            syncFolder(of: path)
        else {
            throw StartFailure("cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    private static func syncFolder(of path: String) -> Bool {
        let folder = open(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) + "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if folder >= 0 { close(folder) } }
        return folder >= 0 && fsync(folder) == 0
    }
}
