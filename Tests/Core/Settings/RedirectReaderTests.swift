import Mail
import Testing

@testable import Settings

/// `redirect` and `keep` of a mailbox, and `srs`.
@Suite struct RedirectReaderTests {
    private func folder(_ mailboxes: String) -> ConfigurationFolder {
        ConfigurationFolder(["domains/example.com.yaml": ConfigurationFolder.domain + "aliases: [example.net]\nmailboxes:\n" + mailboxes])
    }

    @Test func oneAndSeveral() throws {
        let folder = folder(
            "  A@example.com: {redirect: \"b+c@else.example\"}\n  d@example.net: {redirect: [e@else.example, a+x@third.example], keep: true}\n"
        )
        #expect(folder.problems() == [])
        let policy = try #require(try folder.settings().policy.domains["example.com"])
        #expect(policy.hasRedirects)
        #expect(policy.mailboxes["a@example.com"]?.redirects.map(\.description) == ["b+c@else.example"])
        #expect(policy.mailboxes["a@example.com"]?.keepsRedirected == false)
        let several = try #require(policy.mailbox(EmailAddress(localPart: "D+tag", domain: "example.net")))
        #expect(several.redirects.map(\.description) == ["e@else.example", "a+x@third.example"] && several.keepsRedirected)
        // What is redirected counts as policy.
        folder.write("domains/example.com.yaml", ConfigurationFolder.domain)
        #expect(try folder.settings().policy.domains["example.com"]?.digest != policy.digest)
    }

    @Test(arguments: [
        ("{redirect: nobody}", "domains/example.com.yaml:6:29: `redirect` must be an address, not `nobody`; write `name@example.com`"),
        ("{redirect: []}", "domains/example.com.yaml:6:29: `redirect` needs 1 to 10 addresses, not 0; write so many"),
        ("{redirect: [b@x.example, B@x.example]}", "domains/example.com.yaml:6:43: `B@x.example` stands twice; remove one of the two"),
        ("{keep: true}", "domains/example.com.yaml:6:25: `keep` means something with `redirect` only; add `redirect`, or remove it"),
        (
            "{redirect: a+more@example.net}",
            "domains/example.com.yaml:6:29: `a@example.com` redirects to itself; name another address; `keep: true` delivers here too"
        ),
        (
            "{redirect: c@example.com}\n  c@example.com: {redirect: d@else.example}",
            "domains/example.com.yaml:6:29: `c@example.com` redirects again, which is not followed; name the last address"
        ),
        ("{redirect: \"b@x.example\\r\\nX\"}", "`redirect` must be an address"),
    ]) func refused(_ settings: String, _ problem: String) {
        let problems = folder("  a@example.com: \(settings)\n").problems()
        #expect(problems.contains { $0.contains(problem) }, "\(problems)")
    }

    /// Over all domains, whichever is read first, and in any spelling of their names.
    @Test func leadsToARedirectOfAnotherDomain() throws {
        let folder = folder("  a@example.com: {redirect: [far@world.example, \"On+x@b\u{FC}cher.example\"]}\n")
        folder.write(
            "domains/b.yaml",
            ConfigurationFolder.domain.replacing("example.com", with: "xn--bcher-kva.example")
                + "mailboxes:\n  on@xn--bcher-kva.example: {redirect: a@example.net}\n  keeps@xn--bcher-kva.example: {redirect: x@example.com}\n"
        )
        let problems = folder.problems()
        #expect(problems.count == 2, "\(problems)")
        #expect(
            problems.contains { $0.contains("domains/b.yaml:5:40: `a@example.net` redirects again, which is not followed") }, "\(problems)")
        #expect(
            problems.contains { $0.contains("domains/example.com.yaml:6:49: `On+x@b\u{FC}cher.example` redirects again") }, "\(problems)")
        // One that does not redirect is an end.
        folder.write("domains/example.com.yaml", ConfigurationFolder.domain + "aliases: [example.net]\n")
        #expect(folder.problems() == [])
    }

    @Test func theFileOfSecrets() throws {
        let folder = ConfigurationFolder(["postern.yaml": ConfigurationFolder.gateway + "srs: {secret_file: srs.txt}\n"])
        let settings = try folder.settings()
        #expect(settings.rewritingSecrets == folder.path + "/srs.txt")
        let without = try ConfigurationFolder().settings()
        #expect(without.rewritingSecrets == nil)
        #expect(settings.needsRestart(since: without).contains("srs"))
    }
}
