import Foundation
import Mail
import Testing

@testable import Settings

@Suite struct SettingsLoaderTests {
    /// Paths that a worker is granted are seen from the folder, as all others are, and are absolute for whoever gets them.
    @Test func pathsInTheSettingsOfAFilter() throws {
        let folder = ConfigurationFolder()
        func settings(_ text: String) throws -> JSONValue {
            folder.write("domains/example.com.yaml", ConfigurationFolder.domain + "filters: [{yara: \(text)}]\n")
            return try #require(try folder.settings().policy.domains["example.com"]?.filters.first?.first?.settings)
        }
        let path = folder.path
        #expect(
            try settings("{rules: [finance/*.yar, /etc/rules], name_of: finance, more: {lists: [a, b, c]}}")
                == .object([
                    "rules": .array([.string("\(path)/finance/*.yar"), .string("/etc/rules")]), "name_of": .string("finance"),
                    "more": .object(["lists": .array([.string("a"), .string("\(path)/b"), .string("c")])]),
                ]))
        #expect(try settings("{rules: finance}")["rules"] == .string("\(path)/finance"))
        #expect(try settings("{more: {lists: []}}")["rules"] == .string("/usr/share/rules"))
        #expect(try settings("{rules: \"\", more: {lists: x}}")["rules"] == .string(""))

        // From wherever it is started.
        let here = FileManager.default.currentDirectoryPath
        let steps = here.split(separator: "/").map { _ in ".." }.joined(separator: "/")
        let relative = steps.isEmpty ? String(path.dropFirst()) : steps + path
        folder.write("domains/example.com.yaml", ConfigurationFolder.domain + "filters: [{yara: {rules: finance}}]\n")
        let again = try ConfigurationFolder.loader.load(folder: relative, generation: 1).get()
        let absolute = try #require(again.policy.domains["example.com"]?.filters.first?.first?.settings["rules"]?.string)
        #expect(absolute.hasPrefix("/") && URL(filePath: absolute).standardized.path == URL(filePath: path + "/finance").standardized.path)
    }

    @Test func readsAWholeConfiguration() throws {
        let folder = ConfigurationFolder([
            "cert.pem": "", "key.pem": "",
            "postern.yaml": """
            hostname: MX1.gateway.example
            listen:
              - {address: 0.0.0.0, port: 25, role: inbound, tls: {certificate: cert.pem, key: key.pem}}
              - {address: "::", port: 2525, tls: {certificate: cert.pem, key: key.pem, require: true}}
            edge:
              - rbl: {zones: {zen.spamhaus.org: {127.0.0.2: 4, 127.0.0.4: 6}, other.example: 2.5}}
              - geo
            data: /var/lib/postern
            control: run/postern.sock
            dns: {forward: ["127.0.0.1:5353", "::1"], timeout: 2s}
            limits: {message_size: 150MB, recipients: 10, sessions: 20, sessions_per_client: 5, bytes_in_flight: 2GB, command_timeout: 90s}
            queue: {lifetime: 15d, retry: {first: 2m, most: 3h}, delay_warning: 0s, reply_timeout: 4m, end_of_data_timeout: 20m}
            scores: {RBL_ZEN: 3}
            thresholds: {reject: 10}
            log: {format: json, file: mail.log}
            metrics: {address: 127.0.0.1, port: 9100}

            """,
            "domains/example.com.yaml": """
            domain: Example.com
            aliases: [example.net]
            deliver_to:
              - {host: b.example.com, port: 2525, preference: 20, tls: require}
              - {host: "2001:db8::1", preference: 10}
            recipients: {file: recipients.txt}
            filters:
              - hello: {name: hello-late, enabled: off, on_error: skip, on_timeout: reject, timeout: 500ms, required: true, home: host, shadow: false}
              - [hello, rbl: {zones: {a.example: 1}}]
            scores: {RBL_ZEN: 5, HELLO: -1.5, GEO_BLOCKED: 2, PLUGIN_HELLO_ERROR: 1}
            thresholds: {tag: 5, quarantine: 7, reject: 20, defer: 30}
            quarantine: {rejected_copies: discard}
            mailboxes:
              CEO@example.com: {thresholds: {quarantine: 9}}
              raw@example.net: {filters: off}

            """,
            "recipients.txt": "# ours\nBob\nalice@example.net\r\n\n",
        ])
        #expect(folder.problems() == [])
        let settings = try folder.settings()
        #expect(settings.hostname == "mx1.gateway.example")
        #expect(settings.listeners.map(\.place.description) == ["0.0.0.0:25", "[::]:2525"])
        #expect(settings.listeners.map(\.requiresTLS) == [false, true])
        #expect(settings.listeners[0].tls?.certificates == [.init(certificate: folder.path + "/cert.pem", key: folder.path + "/key.pem")])
        #expect(settings.data == "/var/lib/postern" && settings.control == folder.path + "/run/postern.sock")
        #expect(settings.dns.source == .forward([.init(address: .loopback, port: 5353), .init(address: IPAddress("::1")!, port: 53)]))
        #expect(settings.dns.timeout == .seconds(2))
        #expect(settings.log == LogSettings(format: .json, file: folder.path + "/mail.log"))
        #expect(settings.metrics == SocketEndpoint(address: .loopback, port: 9100))
        let policy = settings.policy
        #expect(policy.generation == 1 && policy.hostname == "mx1.gateway.example")
        #expect(policy.limits.messageSize == 150 << 20 && policy.limits.recipients == 10 && policy.limits.commandTimeout == .seconds(90))
        #expect(policy.limits.hops == Limits().hops)
        #expect(
            policy.queue.lifetime == .seconds(15 * 86400) && policy.queue.retryFirst == .seconds(120)
                && policy.queue.retryMost == .seconds(10800) && policy.queue.delayWarning == .zero
                && policy.queue.replyTimeout == .seconds(240) && policy.queue.endOfDataTimeout == .seconds(1200))
        #expect(policy.edge.map { $0.map(\.name) } == [["rbl"], ["geo"]])
        #expect(
            policy.edge[0][0].settings.canonical
                == #"{"ask_private":false,"zones":{"other.example":2.5,"zen.spamhaus.org":{"127.0.0.2":4,"127.0.0.4":6}}}"#)
        #expect(policy.edgeScores == ["RBL_ZEN": 3] && policy.edgeThresholds == Thresholds(reject: 10))

        let domain = try #require(policy.domains["example.com"])
        #expect(policy.domains["example.net"] == domain)
        #expect(domain.deliverTo.map(\.description) == ["[2001:db8::1]:25", "b.example.com:2525"])
        #expect(domain.deliverTo[1].tls == .require)
        #expect(domain.recipients == .list(["bob", "alice"]))
        #expect(domain.filters.map { $0.map(\.name) } == [["hello-late"], ["hello", "rbl"]])
        let late = domain.filters[0][0]
        #expect(late.plugin == "hello" && !late.isEnabled && late.isRequired && !late.isShadow && late.timeout == .milliseconds(500))
        #expect(late.onError == .skip && late.onTimeout == .reject && late.onCrash == .quarantine)
        #expect(late.settings.canonical == #"{"greeting":"hello"}"#)
        #expect(domain.thresholds == Thresholds(tag: 5, quarantine: 7, defer: 30, reject: 20))
        #expect(domain.discardsRejectedCopies)
        #expect(domain.thresholds(for: EmailAddress(localPart: "ceo", domain: "example.com")).quarantine == 9)
        #expect(domain.mailbox(EmailAddress(localPart: "Raw+tag", domain: "example.com"))?.hasFilters == false)
        #expect(
            settings.files
                == ["/postern.yaml", "/domains/example.com.yaml", "/recipients.txt", "/cert.pem", "/key.pem"].map { folder.path + $0 })
    }

    @Test func leavesDefaultsWhereNothingIsSaid() throws {
        let settings = try ConfigurationFolder().settings()
        #expect(settings.dns.source == .recursive && settings.plugins == [] && settings.metrics == nil)
        #expect(settings.control == settings.data + "/postern.sock")
        #expect(settings.policy.limits == Limits() && settings.policy.queue == QueuePolicy())
        #expect(settings.policy.domains["example.com"]?.thresholds == Thresholds(tag: 5, quarantine: 7))
    }

    /// Every field of Limits has its key.
    @Test func everyLimitCanBeSet() throws {
        let names = Mirror(reflecting: Limits()).children.map { child in
            (child.label!.reduce("") { $1.isUppercase ? $0 + "_" + $1.lowercased() : $0 + String($1) }, child.value)
        }
        let lines = names.map {
            "  \($0): \($1 is Duration ? "61s" : $0.hasSuffix("size") || $0.hasSuffix("flight") || $0.hasSuffix("line") ? "2MiB" : "77")"
        }
        let folder = ConfigurationFolder(["postern.yaml": ConfigurationFolder.gateway + "limits:\n" + lines.joined(separator: "\n") + "\n"])
        // 2 MiB is too long for a command line.
        #expect(folder.problems().count == 1 && folder.problems()[0].contains("`command_line` must be a size from 512 to 1048576 bytes"))
        folder.write(
            "postern.yaml",
            ConfigurationFolder.gateway + "limits:\n"
                + lines.joined(separator: "\n").replacing("command_line: 2MiB", with: "command_line: 1k") + "\n")
        let limits = try folder.settings().policy.limits
        let defaults = Mirror(reflecting: Limits()).children.map { "\($0.value)" }
        for (child, preset) in zip(Mirror(reflecting: limits).children, defaults) { #expect("\(child.value)" != preset, "\(child.label!)") }
    }

    @Test func digestsAreEqualForEqualContentOnly() throws {
        func digest(_ text: String) throws -> String {
            try #require(try ConfigurationFolder(["domains/example.com.yaml": text]).settings().policy.domains["example.com"]).digest
        }
        let first = try digest(ConfigurationFolder.domain)
        #expect(first.count == 16 && first.allSatisfy(\.isHexDigit))
        #expect(try digest("# other words\n" + ConfigurationFolder.domain + "thresholds: {tag: 5.0, quarantine: 7}\n") == first)
        #expect(try digest(ConfigurationFolder.domain + "scores: {HELLO: 1}\n") != first)
        #expect(try digest(ConfigurationFolder.domain + "filters: [hello]\n") != first)
        let filtered = try digest(ConfigurationFolder.domain + "filters: [hello]\n")
        #expect(try digest(ConfigurationFolder.domain + "filters: [hello: {greeting: hello}]\n") == filtered)
        #expect(try digest(ConfigurationFolder.domain + "filters: [hello: {enabled: false}]\n") != filtered)
    }

    @Test func whatFiltersMayRememberHasBounds() throws {
        let text = "state: {per_domain: {entries: 5, size: 1MiB}, per_plugin: {size: 2GiB}}\n"
        let settings = try ConfigurationFolder(["postern.yaml": ConfigurationFolder.gateway + text]).settings()
        #expect(settings.state.perDomain == StateQuota(entries: 5, bytes: 1 << 20))
        #expect(settings.state.perPlugin == StateQuota(entries: StateQuota.perPlugin.entries, bytes: 2 << 30))
        #expect(settings.needsRestart(since: try ConfigurationFolder().settings()).contains("state"))
        for bad in ["{per_domain: {entries: 0}}", "{per_plugin: {size: 1}}", "{per_user: {}}", "{per_domain: 5}"] {
            let folder = ConfigurationFolder(["postern.yaml": ConfigurationFolder.gateway + "state: \(bad)\n"])
            #expect(folder.problems().count == 1, "\(bad): \(folder.problems())")
        }
    }

    @Test func theDemonstrationIsValid() throws {
        let folder = ConfigurationFolder()
        let own = folder.path + "/config"
        for hasPlugins in [true, false] {
            try DemonstrationSettings.write(to: own, pluginFolders: [folder.path]) { _ in hasPlugins }
            let settings = try ConfigurationFolder.loader.load(folder: own, generation: 1).get()
            #expect(settings.warnings == [])
            #expect(settings.listeners.map(\.place.description) == ["127.0.0.1:2525"] && settings.dns.source == .file(own + "/zone.json"))
            #expect(settings.policy.edge.isEmpty != hasPlugins)
            #expect(settings.policy.domains["example.com"]?.filters.isEmpty != hasPlugins)
            #expect(settings.policy.domains["example.com"]?.deliverTo.first?.port == DemonstrationSettings.sinkPort)
            for name in ["config/postern.yaml", "config/domains/example.com.yaml"] { folder.remove(name) }
        }
        // What is there stays.
        folder.write("config/postern.yaml", "mine")
        try DemonstrationSettings.write(to: own, pluginFolders: []) { _ in true }
        #expect(throws: SettingsErrors.self) { try ConfigurationFolder.loader.load(folder: own, generation: 1).get() }
    }
}
