import Foundation
import GatewayTestKit
import Testing

/// A real Postfix in a folder of its own, without DNS: takes mail on loopback, keeps what it gets in a maildir, or sends
/// everything to `relay`, by TLS only unless told
/// otherwise.
final class PostfixUnderTest {
    let port = Tool.freePort()
    private let folder: TemporaryFolder
    private let daemon: Daemon

    /// Postfix needs its own users.
    static var isPossible: Bool {
        if getuid() == 0, FileManager.default.isExecutableFile(atPath: master), getpwnam("postfix") != nil { return true }
        print("skipped: Postfix needs to be installed, and root")
        return false
    }
    private static let master = "/usr/lib/postfix/sbin/master"

    /// `relay`: a port on 127.0.0.1 that everything goes to; nil: the domains of the tests are at home here.
    /// `tls`: smtp_tls_security_level. `settings`: more lines of main.cf.
    init(relay: Int? = nil, tls: String = "encrypt", settings: [String] = []) throws {
        folder = try TemporaryFolder()
        chmod(folder.path, 0o755)
        let path = folder.path
        for name in ["etc", "queue", "data", "mail"] {
            try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: false)
        }
        let (postfix, nobody) = (getpwnam("postfix").pointee, getpwnam("nobody").pointee)
        let (nobodyUser, nobodyGroup) = (nobody.pw_uid, nobody.pw_gid)
        chown(path + "/data", postfix.pw_uid, postfix.pw_gid)
        chown(path + "/mail", nobodyUser, nobodyGroup)
        let place =
            relay.map { "default_transport = smtp:[127.0.0.1]:\($0)\nsmtp_tls_security_level = \(tls)" } ?? """
                virtual_mailbox_domains = example.com, sender.example, elsewhere.example
                virtual_mailbox_base = \(path)/mail
                virtual_mailbox_maps = static:all/
                virtual_uid_maps = static:\(nobodyUser)
                virtual_gid_maps = static:\(nobodyGroup)
                """
        try """
        compatibility_level = 3.6
        myhostname = postfix.example
        queue_directory = \(path)/queue
        data_directory = \(path)/data
        maillog_file = \(path)/maillog
        maillog_file_prefixes = \(path)
        mydestination =
        mynetworks = 127.0.0.0/8
        inet_protocols = ipv4
        alias_maps =
        alias_database =
        local_recipient_maps =
        smtp_dns_support_level = disabled
        smtpd_peername_lookup = no
        \(place)
        \(settings.joined(separator: "\n"))

        """.write(toFile: path + "/etc/main.cf", atomically: false, encoding: .utf8)
        try """
        127.0.0.1:\(port) inet n - n - - smtpd
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        smtp unix - - n - - smtp
        virtual unix - n n - - virtual
        error unix - - n - - error
        retry unix - - n - - error
        anvil unix - - n - 1 anvil
        tlsmgr unix - - n 1000? 1 tlsmgr
        postlog unix-dgram n - n - 1 postlogd

        """.write(toFile: path + "/etc/master.cf", atomically: false, encoding: .utf8)
        let check = try Tool.run(["/usr/sbin/postfix", "-c", path + "/etc", "check"])
        try #require(check.status == 0, "postfix check: \(check.errors)")
        daemon = try Daemon([Self.master, "-c", path + "/etc", "-d"], log: path + "/out")
        try #require(Tool.wait { Tool.isListening(port) }, "Postfix did not start: \(daemon.text)\(log)")
    }

    var log: String { (try? String(contentsOfFile: folder.path + "/maillog", encoding: .utf8)) ?? "" }

    /// What has arrived in the maildir.
    var messages: [String] {
        let new = folder.path + "/mail/all/new"
        return ((try? FileManager.default.contentsOfDirectory(atPath: new)) ?? []).compactMap {
            (try? Data(contentsOf: URL(filePath: new + "/" + $0))).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    func stop() { daemon.stop() }
}
