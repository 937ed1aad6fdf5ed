import DNSClient
import Mail
import Settings

/// `dns:` -> a resolver.
enum Resolvers {
    static func make(_ settings: DNSSettings) throws -> any Resolver {
        var options = UnboundOptions()
        options.timeout = settings.timeout
        options.trustAnchorFiles = settings.trustAnchors
        switch settings.source {
        case .file(let path): return try ScriptedResolver(file: path)
        case .forward(let servers): options.forward = servers.map { "\($0)" }
        case .recursive: break
        }
        return try UnboundResolver(options)
    }
}
