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
        guard let handle = FileHandle(forReadingAtPath: path), let bytes = try? handle.read(upToCount: mostBytes + 1) else {
            throw StartFailure("cannot read the secrets of SRS in \(path); correct `srs.secret_file` or the file's rights")
        }
        guard bytes.count <= mostBytes else {
            throw StartFailure("\(path) is larger than \(mostBytes) bytes, which no list of secrets is; correct `srs.secret_file`")
        }
        return SenderRewriting(secrets: try secrets(Array(bytes), path))
    }

    /// Each without the white space around it, the CR of a foreign line end too.
    private static func secrets(_ bytes: [UInt8], _ path: String) throws -> [[UInt8]] {
        var secrets: [[UInt8]] = []
        for (number, row) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            var secret = row.drop { " \t".utf8.contains($0) }
            while let last = secret.last, " \t\r".utf8.contains(last) { secret = secret.dropLast() }
            if secret.isEmpty || secret.first == UInt8(ascii: "#") { continue }
            // An invisible character would make another secret of one that looks the same on another machine.
            if let column = secret.firstIndex(where: { $0 < 0x20 || $0 == 0x7F }) {
                let place = "\(path):\(number + 1):\(column - row.startIndex + 1)"
                throw StartFailure("\(place): a control character in a secret; remove it, or write a new secret")
            }
            guard secret.count >= leastBytes else {
                throw StartFailure("\(path):\(number + 1):1: a secret of fewer than \(leastBytes) bytes; write a longer one")
            }
            secrets.append(Array(secret))
        }
        guard !secrets.isEmpty else { throw StartFailure("\(path) holds no secret; write one of at least \(leastBytes) bytes") }
        return secrets
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
