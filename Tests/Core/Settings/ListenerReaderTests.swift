import Mail
import Testing

@testable import Settings

@Suite struct ListenerReaderTests {
    static let files = ["cert.pem": "", "key.pem": "", "other.pem": "", "other-key.pem": ""]

    /// postern.yaml with these lines under `listen:`; `more` above them.
    func folder(_ listeners: [String], more: String = "") -> ConfigurationFolder {
        let lines = listeners.map { "  - " + $0 + "\n" }.joined()
        return ConfigurationFolder(Self.files.merging(["postern.yaml": "hostname: mx\ndata: d\n\(more)listen:\n" + lines]) { $1 })
    }

    @Test func readsAll() throws {
        let folder = folder([
            "{address: 0.0.0.0, port: 25, role: inbound, tls: {certificate: cert.pem, key: key.pem}}",
            "{address: \"::\", port: 25, tls: {certificate: cert.pem, key: key.pem, require: true}}",
            "{address: 0.0.0.0, port: 465, role: outbound, auth: required, tls: {certificate: cert.pem, key: key.pem, implicit: true}}",
            "{address: 0.0.0.0, port: 587, role: outbound, auth: optional, tls: {certificate: cert.pem, key: key.pem, names: [{certificate: other.pem, key: other-key.pem}], versions: {least: 1.3, most: 1.3}, ciphers: \"ECDHE+AESGCM\"}}",
            "{socket: lmtp.sock, mode: 0600, protocol: lmtp}",
            "{address: 10.0.0.1, port: 26, proxy_protocol: [10.0.0.0/24], xclient: [127.0.0.1, \"2001:db8::/32\"], line_ends: normalize}",
            "{address: 10.0.0.1, port: 27, role: outbound, auth: off}",
            "{address: 127.0.0.1, port: 24, protocol: lmtp}",
        ])
        #expect(folder.problems() == [])
        let listeners = try folder.settings().listeners
        let path = folder.path
        #expect(
            listeners.map(\.place.description) == [
                "0.0.0.0:25", "[::]:25", "0.0.0.0:465", "0.0.0.0:587", path + "/lmtp.sock", "10.0.0.1:26", "10.0.0.1:27", "127.0.0.1:24",
            ])
        #expect(listeners.map(\.role) == [.inbound, .inbound, .outbound, .outbound, .inbound, .inbound, .outbound, .inbound])
        #expect(listeners.map(\.requiresTLS) == [false, true, false, false, false, false, false, false])
        #expect(listeners.map(\.isImplicitTLS) == [false, false, true, false, false, false, false, false])
        #expect(listeners.map(\.authentication) == [.off, .off, .required, .optional, .off, .off, .off, .off])
        #expect(listeners.map(\.isLMTP) == [false, false, false, false, true, false, false, true])
        #expect(listeners[4].place == .socket(path + "/lmtp.sock", mode: 0o600))
        #expect(listeners[5].lineEnds == .normalize && listeners[0].lineEnds == .refuse)
        #expect(listeners[5].proxies == [IPNetwork("10.0.0.0/24")!])
        #expect(listeners[5].xclients == [IPNetwork("127.0.0.1")!, IPNetwork("2001:db8::/32")!])
        let preset = try #require(listeners[0].tls)
        #expect(preset.least == .tls12 && preset.most == .tls13 && preset.suites == CipherSuite.preset)
        let strict = try #require(listeners[3].tls)
        #expect(strict.least == .tls13 && strict.most == .tls13 && strict.suites.count == 4)
        #expect(strict.certificates.map(\.certificate) == [path + "/cert.pem", path + "/other.pem"])
        #expect(strict.certificates.map(\.key) == [path + "/key.pem", path + "/other-key.pem"])
    }

    @Test func oneTLSForAll() throws {
        let folder = folder(
            [
                "{address: 0.0.0.0, port: 25, tls: true}",
                "{address: 0.0.0.0, port: 26, tls: {require: true}}",
                "{address: 0.0.0.0, port: 27, tls: {certificate: other.pem, key: other-key.pem, ciphers: ECDHE}}",
                "{address: 0.0.0.0, port: 28}",
                "{address: 0.0.0.0, port: 29, tls: false}",
            ], more: "tls: {certificate: cert.pem, key: key.pem, versions: {least: 1.3}}\n")
        #expect(folder.problems() == [])
        let settings = try folder.settings()
        #expect(settings.listeners.map { $0.tls?.least } == [.tls13, .tls13, .tls13, nil, nil])
        #expect(settings.listeners[0].tls == settings.listeners[1].tls && settings.listeners[1].requiresTLS)
        #expect(settings.listeners[2].tls?.certificates.map(\.certificate) == [folder.path + "/other.pem"])
        let places = settings.certificatePlaces
        #expect(places.count == 2)
        #expect(places[settings.listeners[0].tls!.certificates[0]]?.description == folder.path + "/postern.yaml:3:20")
    }

    /// (an entry, what is said of it)
    static let wrong: [(String, [String])] = [
        (
            "{address: 1.2.3.4, port: 25, auth: required}",
            ["4:40: nobody logs in on an inbound listener; remove `auth`, or write `role: outbound`"]
        ),
        (
            "{address: 1.2.3.4, port: 25, role: outbound, auth: perhaps, tls: {certificate: cert.pem, key: key.pem}}",
            ["4:56: `auth` must be one of required, optional, off, not `perhaps`; write one of them"]
        ),
        (
            "{address: 1.2.3.4, port: 25, role: outbound, auth: optional}",
            [
                "4:56: warning: AUTH is offered under TLS only, and this listener has none: only the networks of domains can send here; add `tls`, or write `auth: off`"
            ]
        ),
        (
            "{address: 1.2.3.4, port: 25, role: outward}",
            ["4:40: `role` must be one of inbound, outbound, not `outward`; write one of them"]
        ),
        (
            "{address: 1.2.3.4, port: 25, protocol: lmtp}",
            ["4:44: LMTP must not be spoken on port 25 (RFC 2033 section 5); choose another port"]
        ),
        (
            "{address: 1.2.3.4, port: 24, protocol: lmtp, role: outbound, auth: off}",
            ["4:44: LMTP takes mail for delivery, so its role is inbound; write `role: inbound`"]
        ),
        (
            "{socket: x.sock, port: 25}",
            ["4:28: a listener has a Unix socket or an address and a port, and this has both; make two of it, or remove `port`"]
        ),
        ("{socket: x.sock, mode: 0888}", ["4:28: `mode` must be the rights of a file in octal digits, not `0888`; write `0660`"]),
        ("{socket: x.sock, mode: 07777}", ["4:28: `mode` must be the rights of a file in octal digits, not `07777`; write `0660`"]),
        (
            "{address: 1.2.3.4, port: 25, mode: 0660}",
            ["4:40: `mode` is for Unix sockets, and this is none; remove it, or write `socket: path`"]
        ),
        (
            "{socket: /\(String(repeating: "x", count: 100))}",
            ["4:14: the path of the socket is longer than 100 bytes; choose a shorter one, such as `/run/postern/lmtp.sock`"]
        ),
        (
            "{socket: x.sock, xclient: [127.0.0.1]}",
            ["4:31: the peers of a Unix socket have no address, so `xclient` can name none; remove it"]
        ),
        (
            "{address: 1.2.3.4, port: 25, xclient: [10.0.0.1/8, here, 1.2.3.4/40, [x]]}",
            [
                "4:44: `10.0.0.1/8` has bits behind its prefix; write `10.0.0.0/8`",
                "4:56: `here` is no network; write `192.0.2.0/24`, `\"2001:db8::/32\"` or one address",
                "4:62: `1.2.3.4/40` is no network; write `192.0.2.0/24`, `\"2001:db8::/32\"` or one address",
                "4:74: a network must be an address, not a list; write `192.0.2.0/24`",
            ]
        ),
        (
            "{address: 1.2.3.4, port: 25, proxy_protocol: [0.0.0.0/0]}",
            ["4:51: warning: everybody may say that a client has any address; name the networks of your own load balancers only"]
        ),
        (
            "{address: 1.2.3.4, port: 25, line_ends: keep}",
            ["4:45: `line_ends` must be one of refuse, normalize, not `keep`; write one of them"]
        ),
        (
            "{address: 1.2.3.4, port: 25, tls: true}",
            [
                "4:39: `tls: true` stands for `tls` of postern.yaml, which is not there; write `tls: {certificate: cert.pem, key: key.pem}` here or at the top"
            ]
        ),
        (
            "{address: 1.2.3.4, port: 25, tls: {}}",
            ["4:39: `certificate` is missing; add `certificate: cert.pem`", "4:39: `key` is missing; add `key: key.pem`"]
        ),
        (
            "{address: 1.2.3.4, port: 25, tls: {certificate: cert.pem, key: key.pem, names: [{certificate: other.pem}]}}",
            ["4:85: `key` is missing; add `key: key.pem`"]
        ),
        (
            "{address: 1.2.3.4, port: 25, tls: {certificate: cert.pem, key: key.pem, implicit: true}}",
            ["4:5: warning: mail servers begin in clear on port 25, and would find TLS here; leave out `implicit`, or use port 465"]
        ),
        (
            "{address: 1.2.3.4, port: 25, tls: {certificate: cert.pem, key: key.pem, versions: {least: 1.3, most: 1.2}}}",
            ["4:39: the least TLS version (1.3) is above the most (1.2); write `versions: {least: 1.2, most: 1.3}`"]
        ),
        (
            "{address: 1.2.3.4, port: 25, tls: {certificate: cert.pem, key: key.pem, versions: {least: 1.4}}}",
            ["4:95: `least` must be one of 1.0, 1.1, 1.2, 1.3, not `1.4`; write `versions: {least: 1.2, most: 1.3}`"]
        ),
        (
            "{address: 1.2.3.4, port: 25, tls: {certificate: cert.pem, key: key.pem, versions: {least: 1.0}}}",
            ["4:39: warning: TLS 1.0 is broken in known ways (RFC 8996); raise `least` to 1.2 as soon as peers allow it"]
        ),
        (
            "{address: 1.2.3.4, port: 25, tls: {certificate: cert.pem, key: key.pem, versions: {least: 1.1}, ciphers: AESGCM}}",
            ["4:39: none of the ciphers can be used with TLS 1.1; add `ECDHE+AES`, or raise `least`"]
        ),
        (
            "{address: 1.2.3.4, port: 25, tls: {certificate: cert.pem, key: key.pem, ciphers: ECDHE+AESGMC}}",
            ["4:86: `AESGMC` is no cipher suite and no class of them that the TLS library has; did you mean `AESGCM`?"]
        ),
        (
            "{address: 1.2.3.4, port: 25, tls: {certificate: cert.pem, key: key.pem, ciphers: \"ECDHE:!AES:!CHACHA20\"}}",
            ["4:86: `ECDHE:!AES:!CHACHA20` names no cipher suite; leave `ciphers` out, or write `ECDHE+AESGCM:ECDHE+CHACHA20`"]
        ),
        ("{address: 1.2.3.4, port: 25, filters: []}", ["4:34: `filters` is not supported in this version; remove it"]),
    ]

    @Test(arguments: wrong) func entry(_ row: (String, [String])) {
        #expect(folder([row.0]).problems() == row.1.map { "postern.yaml:" + $0 })
    }

    @Test func overlapsAreSaid() {
        let problems = folder([
            "{address: 0.0.0.0, port: 25}", "{address: 127.0.0.1, port: 25}", "{address: \"::\", port: 25}", "{address: \"::1\", port: 26}",
            "{address: \"::\", port: 26}", "{address: 127.0.0.1, port: 0}", "{address: 127.0.0.1, port: 0}", "{socket: a.sock}",
            "{socket: a.sock, mode: 0600}",
        ]).problems()
        #expect(problems.count == 3)
        #expect(problems.first == "postern.yaml:5:5: 127.0.0.1:25 and 0.0.0.0:25 overlap; remove one of the two")
        #expect(problems.dropFirst().first == "postern.yaml:8:5: [::]:26 and [::1]:26 overlap; remove one of the two")
        #expect(problems.last?.contains("a.sock overlap") == true || problems.last?.contains("a.sock is listened on twice") == true)
    }

    @Test func aRenewedCertificateNeedsNoRestart() throws {
        let folder = folder(["{address: 0.0.0.0, port: 25, tls: {certificate: cert.pem, key: key.pem}}"])
        let before = try folder.settings()
        folder.write("cert.pem", "new")
        #expect(try folder.settings().needsRestart(since: before) == [])
        folder.write(
            "postern.yaml",
            "hostname: mx\ndata: d\nlisten:\n  - {address: 0.0.0.0, port: 25, tls: {certificate: other.pem, key: key.pem}}\n")
        #expect(try folder.settings().needsRestart(since: before) == ["listen"])
    }
}
