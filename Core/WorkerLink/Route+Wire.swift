import Mail
import PluginLoader

/// A way and what is demanded of it, as they cross.
extension WireWriter {
    mutating func route(_ question: RouteQuestion) {
        flag(question.role == .outbound)
        text(question.policyDomain)
        text(question.destination)
        flag(question.isByMX)
    }

    mutating func requirement(_ requirement: RouteRequirement) {
        u8(UInt8(requirement.minimumTLS.rawValue))
        flag(requirement.isVerified)
        list(requirement.names) { $0.text($1) }
        list(requirement.hosts) { $0.text($1) }
        text(requirement.reason)
        u32(UInt32(clamping: requirement.duration.components.seconds))
    }
}

extension WireReader {
    mutating func route() throws(WireFault) -> RouteQuestion {
        RouteQuestion(role: try flag() ? .outbound : .inbound, policyDomain: try text(), destination: try text(), isByMX: try flag())
    }

    /// What is no name, and a time out of bounds, is `VerdictDraft`'s to refuse.
    mutating func requirement() throws(WireFault) -> RouteRequirement {
        guard let minimum = RouteRequirement.MinimumTLS(rawValue: UInt32(try u8())) else { throw WireFault("an unknown version of TLS") }
        let isVerified = try flag()
        return RouteRequirement(
            minimumTLS: minimum, isVerified: isVerified, names: try routeNames(), hosts: try routeNames(), reason: try text(most: 2048),
            duration: .seconds(Int64(try u32())))
    }

    private mutating func routeNames() throws(WireFault) -> [String] {
        try list(most: VerdictDraft.Most.routeNames) { (reader) throws(WireFault) in try reader.text(most: 253) }
    }
}
