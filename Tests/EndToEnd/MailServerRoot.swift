import Foundation
import GatewayTestKit
import Testing

/// OpenSMTPD and Exim, which cannot be installed beside Postfix: a copy of the root that Tests/extract-packages.sh unpacked them into, with
/// users and configuration of its own. Programs in it see no file outside.
final class MailServerRoot {
    private static let unpacked = Tool.tree + "/.build/mail-servers"

    static var isPossible: Bool {
        if getuid() == 0, FileManager.default.fileExists(atPath: unpacked + "/.packages") { return true }
        print("skipped: OpenSMTPD and Exim are not unpacked (`make deps` does it), or this is not root")
        return false
    }

    private let folder: TemporaryFolder
    var path: String { folder.path + "/root" }

    /// `users`: name -> number of those that the server runs as. `authority`: a folder whose cert.pem is trusted.
    init(users: [String: uid_t], authority: TemporaryFolder) throws {
        folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: Self.unpacked, toPath: path)
        chmod(path, 0o755)
        for name in ["dev", "tmp", "etc/ssl/certs", "var/run", "var/spool"] {
            try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
        }
        chmod(path + "/tmp", 0o1777)
        for device in Self.devices { try write("", to: device) }
        let all = users.merging(["root": 0]) { $1 }
        try write(all.map { "\($0):x:\($1):\($1)::/var/lib/opensmtpd/empty:/bin/false\n" }.joined(), to: "/etc/passwd")
        try write(all.map { "\($0):x:\($1):\n" }.joined(), to: "/etc/group")
        try write("127.0.0.1 localhost\n", to: "/etc/hosts")
        try write(String(contentsOfFile: authority.path + "/cert.pem", encoding: .utf8), to: "/etc/ssl/certs/ca-certificates.crt")
    }

    private static let devices = ["/dev/null", "/dev/urandom"]

    func write(_ text: String, to file: String) throws {
        try text.write(toFile: path + file, atomically: false, encoding: .utf8)
    }

    /// Makes a folder that belongs to `user`.
    func makeFolder(_ name: String, user: uid_t) throws {
        try FileManager.default.createDirectory(atPath: path + name, withIntermediateDirectories: true)
        chown(path + name, user, user)
    }

    func text(of file: String) -> String {
        (try? String(decoding: Data(contentsOf: URL(filePath: path + file)), as: UTF8.self)) ?? ""
    }

    /// The command line that runs a program in this root. Its mounts are its own and end with it.
    func command(_ program: String, _ arguments: [String]) -> [String] {
        let mounts = Self.devices.map { "mount --bind \($0) \(path)\($0) && " }.joined()
        return ["/usr/bin/unshare", "-m", "sh", "-c", "\(mounts)exec /usr/sbin/chroot \(path) \"$@\"", "sh", program] + arguments
    }
}
