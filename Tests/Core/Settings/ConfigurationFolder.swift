import Foundation
import Mail

@testable import Settings

/// A configuration folder of one test, removed with it.
final class ConfigurationFolder {
    let path = NSTemporaryDirectory() + "postern-settings-\(UUID().uuidString)"

    static let gateway = """
        hostname: mx1.gateway.example
        listen:
          - {address: 127.0.0.1, port: 2525, role: inbound}
        data: data

        """

    static let domain = """
        domain: example.com
        deliver_to: [{host: mail.example.com}]
        recipients: any

        """

    /// With `gateway` and `domain` unless others are given.
    init(_ files: [String: String] = [:]) {
        for name in ["domains", "lists"] {
            try! FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
        }
        for (name, text) in ["postern.yaml": Self.gateway, "domains/example.com.yaml": Self.domain].merging(files, uniquingKeysWith: { $1 })
        {
            write(name, text)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) { try! Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name), options: .atomic) }

    func remove(_ name: String) { try! FileManager.default.removeItem(atPath: path + "/" + name) }

    /// A client certificate is bad when its name says so.
    static let loader = SettingsLoader {
        _ in
        ScriptedCatalogue()
    } clientCertificateProblem: {
        $0.certificate.hasSuffix("bad.pem") ? "`bad.pem` is bad" : nil
    } trustRootsProblem: {
        $0.hasSuffix(".pem") ? nil : "`\($0)` holds no certificate"
    }

    func load() -> Result<GatewaySettings, SettingsErrors> { Self.loader.load(folder: path, generation: 1) }

    func settings() throws -> GatewaySettings { try load().get() }

    /// What is printed, without the folder's path.
    func problems() -> [String] {
        let all: [SettingsProblem]
        switch load() {
        case .success(let settings): all = settings.warnings
        case .failure(let errors): all = errors.problems
        }
        return all.map { $0.description.replacingOccurrences(of: path + "/", with: "") }
    }
}

/// Plugins as their manifests would say.
struct ScriptedCatalogue: FilterCatalogue {
    private static func manifest(
        _ id: String, _ phases: Set<Phase>, _ symbols: [String], _ schema: JSONValue, homes: [FilterManifest.Home] = [.host],
        files: [FileGrant] = []
    ) -> FilterManifest {
        FilterManifest(
            id: id, version: "1", vendor: "", licence: "MIT", summary: "", phases: phases,
            symbols: symbols.map { .init(name: $0, defaultScore: 1, description: "") }, schema: schema, rights: [], requires: [],
            optional: [],
            execution: .nonblocking, concurrency: .parallel, scope: .message, homes: homes, recommendedHome: homes[0], files: files)
    }

    private static let manifests = [
        manifest("rbl", [.connect, .rcpt], ["RBL_*"], try! JSONDecoder().decode(JSONValue.self, from: Data(rblSchema.utf8))),
        manifest("hello-c", [.data], ["HELLO"], .object([:])),
        manifest("hello", [.data], ["HELLO"], try! JSONDecoder().decode(JSONValue.self, from: Data(helloSchema.utf8))),
        manifest("geo", [.connect], ["GEO_BLOCKED"], .object(["type": .string("object"), "properties": .object([:])])),
        manifest("clamav", [.data], ["VIRUS_*"], .object([:]), homes: [.worker]),
        manifest("greylist", [.rcpt, .outcome], ["GREYLIST_*"], .object([:])),
        manifest("observer", [.outcome], [], .object([:])),
        manifest(
            "yara", [.data], ["YARA_*"], try! JSONDecoder().decode(JSONValue.self, from: Data(yaraSchema.utf8)), homes: [.worker],
            files: [
                FileGrant(source: .setting(["rules"]), grantsFolder: true),
                FileGrant(source: .setting(["more", "lists", "1"]), grantsFolder: false),
            ]),
    ]

    private static let rblSchema = """
        {"type": "object", "required": ["zones"], "properties": {
          "ask_private": {"type": "boolean", "default": false},
          "delay": {"type": "string", "pattern": "^[0-9]+(s|m)$", "description": "a duration: 5s"},
          "zones": {"type": "object", "minProperties": 1, "additionalProperties": {
             "oneOf": [{"type": "number", "description": "one score"},
                       {"type": "object", "description": "scores by code", "additionalProperties": {"type": "number"}}]}}}}
        """

    private static let yaraSchema = """
        {"type": "object", "properties": {
          "rules": {"type": ["string", "array"], "items": {"type": "string"}, "default": "/usr/share/rules"},
          "name_of": {"type": "string"}, "more": {}}}
        """

    private static let helloSchema = """
        {"type": "object", "properties": {
          "greeting": {"type": "string", "default": "hello", "minLength": 1, "maxLength": 10},
          "version": {"type": "string"},
          "level": {"type": "integer", "minimum": 1, "maximum": 9},
          "ratio": {"type": "number"},
          "mode": {"enum": ["fast", "slow"]},
          "words": {"type": "array", "items": {"type": "string"}, "uniqueItems": true, "maxItems": 3},
          "free": {}}}
        """

    func manifest(of plugin: String) -> FilterManifest? { Self.manifests.first { $0.id == plugin } }
    var pluginNames: [String] { Self.manifests.map(\.id) }
}
