import CSandbox
import Glibc

/// Which files may be opened, by the kernel's Landlock: everything that the running ABI can refuse is refused but for the rules.
/// https://docs.kernel.org/userspace-api/landlock.html
package struct Landlock {
    private static let execute: UInt64 = 1 << 0
    private static let writeFile: UInt64 = 1 << 1
    private static let readFile: UInt64 = 1 << 2
    private static let readFolder: UInt64 = 1 << 3
    private static let removeFolder: UInt64 = 1 << 4
    private static let removeFile: UInt64 = 1 << 5
    private static let makeFolder: UInt64 = 1 << 7
    private static let makeFile: UInt64 = 1 << 8
    /// ABI 2: linking or renaming into another folder.
    private static let refer: UInt64 = 1 << 13
    /// ABI 3.
    private static let truncate: UInt64 = 1 << 14

    /// From 1.
    package let version: Int
    private let files: UInt64
    private let network: UInt64
    private let scopes: UInt64

    /// nil: this kernel has none, or it was not enabled when the machine started.
    package init?() {
        let version = Int(sandbox_landlock_version())
        guard version >= 1 else { return nil }
        self.init(version: version)
    }

    /// What an older kernel has, down to 1.
    package init(version: Int) {
        self.version = version
        files =
            switch version {
            case 1: 1 << 13 - 1
            case 2: 1 << 14 - 1
            case 3, 4: 1 << 15 - 1
            // 5: ioctl of devices.
            default: 1 << 16 - 1
            }
        // 4: TCP bind and connect. 6: abstract Unix sockets and signals beyond the domain.
        network = version >= 4 ? 0b11 : 0
        scopes = version >= 6 ? 0b11 : 0
    }

    /// Puts the calling thread under the rules: it must be the only one. `no_new_privs` is set.
    func restrict(to rules: [FileRule]) throws(SandboxFailure) {
        var handled = sandbox_ruleset(handled_access_fs: files, handled_access_net: network, scoped: scopes)
        let ruleset = sandbox_landlock_create(&handled)
        guard ruleset >= 0 else { throw SandboxFailure(call: "Landlock refuses a rule set") }
        defer { close(ruleset) }
        for rule in rules {
            if sandbox_landlock_allow(ruleset, access(rule) & files, rule.descriptor) == 0 { continue }
            // A file of no file system that can be named (memfd_create): Landlock does not govern it.
            if errno == EBADFD { continue }
            throw SandboxFailure(call: "Landlock refuses a rule for \(rule.path)")
        }
        guard sandbox_landlock_restrict(ruleset) == 0 else { throw SandboxFailure(call: "Landlock cannot be entered") }
    }

    private func access(_ rule: FileRule) -> UInt64 {
        switch rule.rights {
        case .read: Self.execute | Self.readFile | (rule.isFolder ? Self.readFolder : 0)
        case .readFiles: Self.readFile
        case .readWrite: Self.readFile | Self.writeFile | Self.truncate
        case .temporary:
            Self.readFile | Self.writeFile | Self.readFolder | Self.removeFolder | Self.removeFile | Self.makeFolder | Self.makeFile
                | Self.refer | Self.truncate
        }
    }
}
