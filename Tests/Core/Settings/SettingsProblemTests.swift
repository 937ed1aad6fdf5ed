import Foundation
import Mail
import Testing

@testable import Settings

/// Rows of wrong configuration and what is said of it.
@Suite struct SettingsProblemTests {
    /// (lines added to postern.yaml, which has five of its own; what is printed)
    static let gateway: [(String, [String])] = [
        ("limitz: {}", ["postern.yaml:5:1: unknown key `limitz`; did you mean `limits`?"]),
        (
            "zebra: 1",
            [
                "postern.yaml:5:1: unknown key `zebra`; known: control, data, dns, edge, hostname, http, limits, listen, log, metrics, outbound, plugins, queue, scores, srs, state, thresholds, tls, workers"
            ]
        ),
        ("limits: {message_siz: 1}", ["postern.yaml:5:10: unknown key `message_siz`; did you mean `message_size`?"]),
        (
            "limits: {message_size: lots}",
            [
                "postern.yaml:5:24: `message_size` must be a size from 65536 to 2147483648 bytes, not `lots`; write a number with its unit: 512, 64KiB, 150MB, 2GB"
            ]
        ),
        (
            "limits: {recipients: 0}",
            [
                "postern.yaml:5:22: `recipients` must be a whole number from 1 to 100000, not `0`; write a whole number from 1 to 100000, without quotes"
            ]
        ),
        (
            "limits: {recipients: \"5\"}",
            [
                "postern.yaml:5:22: `recipients` must be a whole number from 1 to 100000, not `5`; write a whole number from 1 to 100000, without quotes"
            ]
        ),
        (
            "limits: {message_size: 1GB, bytes_in_flight: 1MB}",
            ["postern.yaml:5:9: `message_size` exceeds `bytes_in_flight`: such a message could never be taken; raise `bytes_in_flight`"]
        ),
        (
            "workers: {memory: 1MB}",
            [
                "postern.yaml:5:19: `memory` must be a size from 67108864 to 4398046511104 bytes, not `1MB`; write a number with its unit: 512, 64KiB, 150MB, 2GB"
            ]
        ),
        ("worker: {}", ["postern.yaml:5:1: unknown key `worker`; did you mean `workers`?"]),
        ("workers: {memorie: 1GB}", ["postern.yaml:5:11: unknown key `memorie`; did you mean `memory`?"]),
        (
            "workers: {plugins: [clamav]}",
            ["postern.yaml:5:20: `plugins` must be a mapping, not a list; write `clamav: {memory: 6GB}` lines"]
        ),
        ("workers: {plugins: {clamaw: {memory: 1GB}}}", ["postern.yaml:5:21: there is no plugin `clamaw`; did you mean `clamav`?"]),
        ("workers: {plugins: {rbl: {memory: 1GB}}}", ["postern.yaml:5:21: `rbl` never runs in a worker; remove it"]),
        (
            "workers: {plugins: {clamav: {plugins: {}}}}",
            [
                "postern.yaml:5:30: unknown key `plugins`; known: grace, group, heartbeat, memory, per_domain, retries, start, temporary, threads, user"
            ]
        ),
        (
            "workers: {plugins: {clamav: 4}}",
            ["postern.yaml:5:29: the limits of `clamav` must be a mapping, not `4`; write `key: value` lines"]
        ),
        (
            "workers: {per_domain: {most: 0}}",
            [
                "postern.yaml:5:30: `most` must be a whole number from 1 to 10000, not `0`; write a whole number from 1 to 10000, without quotes"
            ]
        ),
        ("workers: {user: root}", ["postern.yaml:5:17: workers never run as root; name another user"]),
        ("workers: {user: 0-9}", ["postern.yaml:5:17: workers never run as root; name another user"]),
        ("workers: {group: root}", ["postern.yaml:5:18: workers never have root's group; name another `group`"]),
        (
            "workers: {user: 61000-60000}",
            ["postern.yaml:5:17: `61000-60000` is no range of users; write the lower number first, such as `60706-61183`"]
        ),
        (
            "workers: {user: nobody-here}",
            [
                "postern.yaml:5:17: there is no user `nobody-here`; create it (`useradd --system nobody-here`), or write a number, or a range such as `60706-61183`"
            ]
        ),
        (
            "workers: {group: nobody-here}",
            ["postern.yaml:5:18: there is no group `nobody-here`; create it (`groupadd --system nobody-here`), or write its number"]
        ),
        (
            "queue: {lifetime: 15}",
            [
                "postern.yaml:5:19: `lifetime` must be a duration from 1s to 60d, not `15`; write a number with its unit: 250ms, 90s, 5m, 4h, 15d"
            ]
        ),
        ("queue: {retry: {first: 5h, most: 4h}}", ["postern.yaml:5:16: `first` is longer than `most`; make `first` the shorter one"]),
        ("http: {trust_roots: none.pem}", ["postern.yaml:5:21: cannot read `none.pem`; name a file of PEM certificates"]),
        ("http: {trust_roots: postern.yaml}", ["postern.yaml:5:21: `postern.yaml` holds no certificate; name a file of PEM certificates"]),
        ("http: {roots: a.pem}", ["postern.yaml:5:8: unknown key `roots`; known: trust_roots"]),
        ("limits: []", ["postern.yaml:5:9: `limits` must be a mapping, not a list; write `key: value` lines"]),
        ("plugins: /usr/lib", ["postern.yaml:5:10: `plugins` must be a list, not `/usr/lib`; write `- item` lines or `[item, item]`"]),
        ("data: other", ["postern.yaml:4:1: `data` stands more than once in this mapping; keep one"]),
        (
            "dns: {forward: [localhost]}",
            [
                "postern.yaml:5:17: a server of `forward` must be an address with or without a port, not `localhost`; write `\"127.0.0.1:53\"` or `\"[::1]:53\"`"
            ]
        ),
        (
            "dns: {recursive: true, forward: [127.0.0.1]}",
            ["postern.yaml:5:6: `dns` has 2 sources of answers; keep one of `forward`, `recursive` and `file`"]
        ),
        ("log: {format: xml}", ["postern.yaml:5:15: `format` must be one of logfmt, json, not `xml`; write one of them"]),
        (
            "metrics: {address: here, port: 1}",
            ["postern.yaml:5:20: `here` is no IP address; write an address such as `192.0.2.1` or `\"2001:db8::1\"`"]
        ),
        ("metrics: {address: 127.0.0.1}", ["postern.yaml:5:10: `port` is missing; add `port: 25`"]),
        ("thresholds: {tag: 1}", ["postern.yaml:5:14: unknown key `tag`; known: defer, reject"]),
        ("edge: [hello]", ["postern.yaml:5:8: `hello` does nothing at the edge: its phases are data; put it under `filters` of a domain"]),
        (
            "edge: [greylist]",
            ["postern.yaml:5:8: `greylist` does nothing at the edge: its phases are rcpt, outcome; put it under `filters` of a domain"]
        ),
        ("edge: [observer]", []),
        ("edge: [rbk]", ["postern.yaml:5:8: there is no plugin `rbk`; did you mean `rbl`?"]),
        (
            "edge: [geo, geo]",
            ["postern.yaml:5:13: a second filter `geo` in this list (the first is in line 5); give one of them another `name`"]
        ),
        ("edge: [rbl]", ["postern.yaml:5:8: `zones` is missing in the settings of `rbl`; add `zones: ...`"]),
        (
            "scores: {GEO_BLOKED: 1}\nedge: [geo]",
            ["postern.yaml:5:10: warning: no configured filter has the symbol `GEO_BLOKED`; did you mean `GEO_BLOCKED`?"]
        ),
        (
            "scores: {GEO_BLOCKED: high}\nedge: [geo]",
            [
                "postern.yaml:5:23: the score of `GEO_BLOCKED` must be a number from -1000000 to 1000000, not `high`; write a number without quotes"
            ]
        ),
        (
            "outbound: {edge: [hello], filters: []}",
            [
                "postern.yaml:5:19: `hello` does nothing at the edge: its phases are data; put it under `filters` of a domain",
                "postern.yaml:5:27: unknown key `filters`; known: edge, scores, thresholds",
            ]
        ),
        (
            "a: [",
            [
                "postern.yaml:6:1: not YAML: did not find expected node content (while parsing a flow node); check indentation, colons and quotes here and just above"
            ]
        ),
        ("a: &x [1]\nb: *x", ["postern.yaml:5:4: anchors and aliases are not supported; write the content out in each place"]),
        ("a: !!binary aGk=", ["postern.yaml:5:4: the tag `tag:yaml.org,2002:binary` is not supported; leave it out"]),
        ("? [a, b]\n: 1", ["postern.yaml:5:3: a key must be text; write `name: value`"]),
    ]

    /// In every place that names it, whether or not the pair was looked at before.
    @Test func aClientCertificateThatIsBadIsToldWhereItStands() {
        let pair = "client_certificate: {certificate: bad.pem, key: key.pem}"
        let folder = ConfigurationFolder([
            "bad.pem": "", "good.pem": "", "key.pem": "",
            "domains/example.com.yaml": "domain: example.com\nrecipients: any\ndeliver_to: [{host: a.example, \(pair)}]\n"
                + "outbound: {deliver_to: [{host: b.example, \(pair)}]}\n",
            "domains/example.org.yaml": "domain: example.org\nrecipients: any\ndeliver_to: [{host: a.example, "
                + "\(pair.replacingOccurrences(of: "bad", with: "good"))}]\n",
        ])
        let said = "`bad.pem` is bad; give the client's own certificate before its chain, and its key"
        #expect(folder.problems() == ["3:66", "4:77"].map { "domains/example.com.yaml:\($0): \(said)" })
    }

    @Test(arguments: gateway) func gatewayFile(_ row: (String, [String])) {
        #expect(ConfigurationFolder(["postern.yaml": ConfigurationFolder.gateway + row.0 + "\n"]).problems() == row.1)
    }

    /// (lines added to domains/example.com.yaml, which has three of its own; what is printed)
    static let domain: [(String, [String])] = [
        ("filter: []", ["4:1: unknown key `filter`; did you mean `filters`?"]),
        ("outbound: {}", []), ("outbound: {deliver_to: mx, tls: require}", []),
        (
            "outbound: {deliver_to: MX}",
            [
                "4:24: `deliver_to` must be `mx` or a list of next hops, not `MX`; write `deliver_to: mx` or `deliver_to: [{host: relay.example.com}]`"
            ]
        ),
        (
            "outbound: {deliver_to: [{host: a.example, client_certificate: {certificate: none.pem}}], tls: verify}",
            [
                "4:63: `key` is missing; add `key: key.pem`",
                "4:77: cannot read `none.pem`; create it, or correct its name and mode",
                "4:95: `tls` here is for delivery by MX; write `tls` into each entry of `deliver_to`",
            ]
        ),
        (
            "outbound: {deliver_to: [{socket: run/lmtp}, {host: a.example, lmtp: true, port: 25}, {socket: /run/lmtp, tls: require}]}",
            [
                "4:34: `run/lmtp` is no absolute path of at most 107 bytes; write such as `/run/dovecot/lmtp`",
                "4:81: LMTP is not spoken on port 25 (RFC 2033); write `port: 24`, or whatever it is",
                "4:106: unknown key `tls`; known: lmtp, preference, socket",
            ]
        ),
        (
            "outbound: {deliver_to: [], networks: [192.0.2.1/24, '::1', here], thresholds: {tag: 9, quarantine: 8}}",
            [
                "4:11: `deliver_to` is missing; add `deliver_to: [{host: mail.example.com}]`",
                "4:39: `192.0.2.1/24` has bits behind its prefix; write `192.0.2.0/24`",
                "4:60: `here` is no network; write `192.0.2.0/24`, `\"2001:db8::/32\"` or one address",
                "4:79: the threshold `tag` (9.0) is above `quarantine` (8.0); order them: tag, quarantine, reject",
            ]
        ),
        (
            "address_extension: '++'",
            ["4:20: `address_extension` must be one of `+ - _ = . #`, or `none`, not `++`; write `\"+\"` or `none`"]
        ),
        (
            "mailboxes: {a@example.com: {}, A@example.com: {}}", ["4:32: `a@example.com` stands twice; remove one of the two"]
        ),
        ("lists: {}", ["4:1: `lists` is not supported in this version; remove it"]),
        ("quarantine: {keep: 15d}", ["4:14: `keep` is not supported in this version; remove it"]),
        ("aliases: [example.com]", ["4:11: the domain `example.com` is already taken by FOLDER:1:9; remove one of the two"]),
        (
            "aliases: [bad_.-x.example]",
            ["4:11: `bad_.-x.example` is no domain name; write one such as `example.com`, in its `xn--` form if need be"]
        ),
        (
            "thresholds: {tag: 8, quarantine: 7}",
            ["4:13: the threshold `tag` (8.0) is above `quarantine` (7.0); order them: tag, quarantine, reject"]
        ),
        ("thresholds: {tag: high}", ["4:19: `tag` must be a number, not `high`; write a score such as `7` or `4.5`"]),
        (
            "mailboxes: {a@example.com: {thresholds: {tag: 9}}}",
            ["4:41: the threshold `tag` (9.0) is above `quarantine` (7.0); order them: tag, quarantine, reject"]
        ),
        ("mailboxes: {a@other.example: {}}", ["4:13: `a@other.example` is no mailbox of example.com; write `name@example.com`"]),
        ("mailboxes: {a@example.com: {filters: [x]}}", ["4:38: a mailbox's `filters` must be `on` or `off`, not a list; write `off`"]),
        ("filters: [geo]", ["4:11: `geo` does nothing for a domain: its phases are connect; put it under `edge` in postern.yaml"]),
        ("filters: [hello: {home: worker}]", ["4:25: `hello` does not allow the home `worker`; it allows host"]),
        (
            "filters: [hello: {shadow: true, required: true}]",
            ["4:27: `hello` cannot be `shadow` and `required`: what is required counts; remove one of them"]
        ),
        ("filters: [hello: {enable: false}]", ["4:19: unknown key `enable` in the settings of `hello`; did you mean `enabled`?"]),
        (
            "filters: [hello: {on_crash: explode}]",
            ["4:29: `on_crash` must be one of skip, quarantine, defer, reject, not `explode`; write one of them"]
        ),
        ("filters: [hello: {name: 'a b'}]", ["4:25: `a b` is no name for a filter; use up to 64 letters, digits, `-`, `_` and `.`"]),
        (
            "filters:\n  - hello:\n    level: 1",
            [
                "5:5: an entry of a list of filters has one key, the plugin's, and this one has 2; indent the settings under `hello:`, or begin each filter with `- `"
            ]
        ),
        ("filters: [[hello, [hello]]]", ["4:19: a filter must be a name or `name: {settings}`, not a list; write a plugin's name"]),
        ("filters: hello", ["4:10: `filters` must be a list, not `hello`; write `- item` lines or `[item, item]`"]),
    ]

    @Test(arguments: domain) func domainFile(_ row: (String, [String])) {
        let folder = ConfigurationFolder(["domains/example.com.yaml": ConfigurationFolder.domain + row.0 + "\n"])
        let wanted = row.1.map {
            "domains/example.com.yaml:" + $0.replacing("FOLDER", with: "domains/example.com.yaml")
        }
        #expect(folder.problems() == wanted)
    }

    @Test func allProblemsOfAllFilesAreToldInOrder() {
        let folder = ConfigurationFolder([
            "postern.yaml": "hostname: 192.0.2.1\nlisten: []\nqueue: {lifetime: x}\n",
            "domains/a.example.yaml": "deliver_to: [{host: 'no such', port: 0}]\nrecipients: {file: none.txt}\n",
            "domains/broken.yaml": "domain: [\n",
            "domains/example.com.yaml": "domain: example.com\naliases: [b.example]\ndeliver_to: [{}]\nrecipients: call\n",
            "domains/two.yaml": "domain: b.example\ndeliver_to: [{host: h, tls: maybe}]\nrecipients: {list: [x@other.example, '']}\n",
            "domains/old.yml": "",
        ])
        let problems = folder.problems()
        let wanted = [
            "domains/a.example.yaml:1:1: `domain` is missing; add `domain: a.example`",
            "domains/a.example.yaml:1:21: `no such` is neither a host name nor an address; write `mail.example.com` or `192.0.2.1`, and the port under `port`",
            "domains/a.example.yaml:1:38: `port` must be a whole number from 1 to 65535, not `0`; write a whole number from 1 to 65535, without quotes",
            "domains/a.example.yaml:2:20: cannot read `none.txt`: No such file or directory; create it, or correct its name and mode",
            "domains/broken.yaml:2:1: not YAML: did not find expected node content (while parsing a flow node); check indentation, colons and quotes here and just above",
            "domains/example.com.yaml:3:14: `host` is missing; add `host: mail.example.com`",
            "domains/example.com.yaml:4:13: `recipients` must be `any`, `callout`, `{list: [...]}` or `{file: path}`, not `call`; write one of them",
            "domains/old.yml: warning: this file is not read; rename it to end in `.yaml`",
            "domains/two.yaml:1:9: the domain `b.example` is already taken by domains/example.com.yaml:2:11; remove one of the two",
            "domains/two.yaml:2:29: `tls` must be one of never, opportunistic, require, verify, not `maybe`; write one of them",
            "domains/two.yaml:3:21: `x@other.example` is no address of this domain or its aliases; correct it, or put it into its own domain's list",
            "domains/two.yaml:3:38: a recipient must be a local part or an address, not ``; write `name` or `name@example.com`",
            "postern.yaml:1:1: `data` is missing; add `data: /var/lib/postern`, the folder of the queue and the quarantine",
            "postern.yaml:1:1: `listen` is missing; add `listen: [{address: 0.0.0.0, port: 25, role: inbound}]`",
            "postern.yaml:1:11: `192.0.2.1` is no host name; write one such as `mx1.example.com`",
            "postern.yaml:3:19: `lifetime` must be a duration from 1s to 60d, not `x`; write a number with its unit: 250ms, 90s, 5m, 4h, 15d",
        ]
        #expect(Set(problems).subtracting(wanted) == [])
        #expect(Set(wanted).subtracting(problems) == [])
        #expect(problems.count == wanted.count)
    }

    @Test func aFolderWithoutDomainsOrFilesIsSaid() {
        let folder = ConfigurationFolder()
        folder.remove("domains/example.com.yaml")
        #expect(
            folder.problems() == [
                "domains: warning: there is no domain, so every recipient will be refused; add a file such as domains/example.com.yaml"
            ])
        folder.remove("postern.yaml")
        #expect(
            folder.problems() == [
                "postern.yaml: cannot read `postern.yaml`: No such file or directory; create it, or correct its name and mode"
            ])
    }

    @Test func listenersAreChecked() {
        let folder = ConfigurationFolder([
            "postern.yaml": """
            hostname: mx
            data: d
            listen:
              - {address: 127.0.0.1, port: 25}
              - {address: 127.0.0.1, port: 25}
              - {address: 127.0.0.1, port: 587, role: outbound}
              - {port: 70000, tls: {certificate: none.pem, require: maybe}}

            """
        ])
        #expect(
            folder.problems() == [
                "postern.yaml:5:5: 127.0.0.1:25 is listened on twice; remove one of the two",
                "postern.yaml:6:5: nobody could log in here: AUTH is offered under TLS only, and this listener has none; add `tls: {certificate: cert.pem, key: key.pem}`, or `auth: off` where only the networks of domains send",
                "postern.yaml:7:5: `address` is missing; add `address: 127.0.0.1`, or `0.0.0.0` or `::` for all",
                "postern.yaml:7:12: `port` must be a whole number from 0 to 65535, not `70000`; write a whole number from 0 to 65535, without quotes",
                "postern.yaml:7:24: `key` is missing; add `key: key.pem`",
                "postern.yaml:7:38: cannot read `none.pem`; create it, or correct its name and mode",
                "postern.yaml:7:57: `require` must be `true` or `false`, not `maybe`; write `true` or `false` without quotes",
            ])
    }

    @Test func filesThatAreNoTextAreRefused() throws {
        let folder = ConfigurationFolder(["postern.yaml": String(repeating: "#", count: (4 << 20) + 1)])
        #expect(folder.problems() == ["postern.yaml: `postern.yaml` is larger than 4 MiB; make it smaller, or split it"])
        try Data([0x61, 0xFF, 0x0A]).write(to: URL(fileURLWithPath: folder.path + "/postern.yaml"))
        #expect(folder.problems() == ["postern.yaml: `postern.yaml` is not UTF-8; save it as UTF-8"])
        folder.write("postern.yaml", "a: \u{1}\n")
        #expect(folder.problems().count == 1 && folder.problems()[0].contains("not YAML: control characters are not allowed"))
    }
}
