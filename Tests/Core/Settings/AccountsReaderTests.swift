import Foundation
import Mail
import Testing

@testable import Settings

@Suite struct AccountsReaderTests {
    static let salt = "c2FsdHNhbHRzYWx0"
    static let digest = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzw"
    static let hash = "$argon2id$v=19$m=65536,t=3,p=1$\(salt)$\(digest)"

    private func read(_ text: String, mode: Int = 0o640) throws -> (accounts: [String: String], problems: [String]) {
        let folder = ConfigurationFolder(["lists/accounts.txt": text])
        let path = folder.path + "/lists/accounts.txt"
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let problems = ProblemList()
        let accounts = AccountsReader.read(
            path, domains: ["example.com", "example.net"], at: SettingsPlace(file: "example.com.yaml", line: 4, column: 22), problems)
        return (accounts, problems.sorted.map { $0.description.replacingOccurrences(of: folder.path + "/lists/", with: "") })
    }

    @Test func reads() throws {
        let (accounts, problems) = try read(
            "# ours\n\nanna@example.com:\(Self.hash)\r\n  Bob@Example.NET:\(Self.hash)  \ncarl:\(Self.hash)\n\t# the end")
        #expect(problems == [])
        #expect(accounts == ["anna@example.com": Self.hash, "bob@example.net": Self.hash, "carl@example.com": Self.hash])
    }

    @Test(arguments: [
        ("anna@example.com", ["1:1: this line is no account; write `login:$argon2id$...`, as `postern password` prints it"]),
        (
            "anna:secret",
            [
                "1:6: the hash of `anna@example.com` is no hash, which begins with `$argon2id$`; write what `postern password anna@example.com` prints"
            ]
        ),
        (
            "anna:$2y$05$abcdefghijklmnopqrstuvwxyz",
            ["1:6: the hash of `anna@example.com` is of another kind than argon2id; write what `postern password anna@example.com` prints"]
        ),
        (
            "\n  anna:$argon2id$v=19$m=4096,t=3,p=1$\(salt)$\(digest)",
            [
                "2:8: the hash of `anna@example.com` is too weak: at least 7 MiB (m=7168), and m times t at least 35840; write what `postern password anna@example.com` prints"
            ]
        ),
        (
            "anna:$argon2id$v=19$m=4194304,t=3,p=1$\(salt)$\(digest)",
            [
                "1:6: the hash of `anna@example.com` is too costly: at most 1 GiB (m=1048576), t=100, p=16, and m times t at most 16777216; write what `postern password anna@example.com` prints"
            ]
        ),
        (
            "anna:\(hash)\nAnna@example.com:\(hash)", ["2:1: `anna@example.com` stands twice, first in line 1; remove one of the two"]
        ),
        (
            "anna@other.example:\(hash)",
            ["1:1: `anna@other.example` is no login of this domain or its aliases; correct it, or put it into its own domain's file"]
        ),
        (":\(hash)", ["1:1: `` is no login; write `name@example.com`"]),
        ("an na:\(hash)", ["1:1: `an na` is no login; write `name@example.com`"]),
        ("@example.com:\(hash)", ["1:1: `@example.com` is no login; write `name@example.com`"]),
        (
            "anna:\(hash)\nbob:$argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(digest)\ncarl:$argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(digest)",
            [
                "2:5: warning: hashes of different cost: how long a refusal takes may tell which logins there are; give all logins hashes of one cost when their passwords change"
            ]
        ),
    ]) func problems(_ text: String, _ wanted: [String]) throws {
        let problems = try read(text).problems
        #expect(problems == wanted.map { "accounts.txt:" + $0 })
        // Never a hash, nor a password that somebody wrote in its place.
        #expect(!problems.joined().contains(Self.digest) && !problems.joined().contains("secret"))
    }

    @Test func aFileForAllEyesIsSaid() throws {
        let (accounts, problems) = try read("anna:\(Self.hash)", mode: 0o644)
        #expect(accounts.count == 1)
        #expect(
            problems == [
                "example.com.yaml:4:22: warning: everybody on this machine can read the password file `accounts.txt`; chmod 0640, with the gateway's group"
            ])
    }

    @Test func aFileThatIsNotThereIsSaid() {
        let problems = ProblemList()
        #expect(
            AccountsReader.read("/nowhere/x", domains: ["example.com"], at: SettingsPlace(file: "f", line: 1, column: 2), problems) == [:])
        #expect(
            problems.sorted.map(\.description) == [
                "f:1:2: cannot read `/nowhere/x`: No such file or directory; create it, or correct its name and mode"
            ])
    }
}
