import Crypto
import Foundation
import PluginLoader

/// A folder of libraries named by their content, `<sha256>.so`, that only the gateway can write. Loading from there means that a file which is
/// replaced or rewritten by its owner never changes under a running plugin, and that a new build is a new path, which dlopen maps anew.
struct LibraryCopies: Sendable {
    let folder: String

    static let largest = 512 << 20

    /// The file's SHA-256 in hex.
    static func digest(of path: String) throws(LoadFailure) -> String { hex(try read(path)) }

    /// Copies the file in, if its content is not there yet.
    func take(_ path: String) throws(LoadFailure) -> (digest: String, path: String) {
        let data = try Self.read(path)
        let digest = Self.hex(data)
        let copy = "\(folder)/\(digest).so"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // What lies there is believed only as far as it hashes.
            if let there = FileManager.default.contents(atPath: copy), Self.hex(there) == digest { return (digest, copy) }
            // A worker of another user opens it by a descriptor of ours; the folder is closed to everybody else.
            let temporary = "\(folder)/.\(digest).\(UUID().uuidString)"
            guard FileManager.default.createFile(atPath: temporary, contents: data, attributes: [.posixPermissions: 0o555]) else {
                throw LoadFailure(path, "its copy cannot be written to \(folder)")
            }
            guard rename(temporary, copy) == 0 else {
                unlink(temporary)
                throw LoadFailure(path, "its copy cannot be renamed to \(copy)")
            }
        } catch let failure as LoadFailure {
            throw failure
        } catch {
            throw LoadFailure(path, "its copy cannot be made in \(folder): \(error.localizedDescription)")
        }
        return (digest, copy)
    }

    private static func read(_ path: String) throws(LoadFailure) -> Data {
        guard let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber else {
            throw LoadFailure(path, "cannot be read")
        }
        if size.intValue > largest { throw LoadFailure(path, "is larger than \(largest >> 20) MiB") }
        guard let data = FileManager.default.contents(atPath: path) else { throw LoadFailure(path, "cannot be read") }
        return data
    }

    private static func hex(_ data: Data) -> String {
        SHA256.hash(data: data).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
