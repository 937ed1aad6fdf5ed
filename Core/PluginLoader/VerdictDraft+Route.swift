import CPostern
import Mail

/// What filters demand of a way, through the ABI and from a worker.
extension VerdictDraft {
    func require(_ requirement: UnsafePointer<postern_requirement>?) -> postern_status {
        if phase != .route { return POSTERN_UNSUPPORTED }
        guard rules.rights.contains(.route) else { return offend(.right, "no right to route", POSTERN_FORBIDDEN) }
        guard requirements.count < Most.requirements else {
            return offend(.flood, "more than \(Most.requirements) requirements", POSTERN_LIMIT)
        }
        // There has been one layout only.
        guard let raw = requirement?.pointee, raw.size >= UInt32(MemoryLayout<postern_requirement>.size),
            let minimum = RouteRequirement.MinimumTLS(rawValue: raw.minimum_tls), raw.flags & ~POSTERN_REQUIRE_VERIFIED == 0,
            let names = Self.names(raw.names, raw.name_count, raw.name_size),
            let hosts = Self.names(raw.hosts, raw.host_count, raw.host_size)
        else { return offend(.invalid, "a bad requirement", POSTERN_INVALID) }
        let ttl = raw.ttl == 0 ? RouteRequirement.shortest : min(.seconds(Int64(raw.ttl)), RouteRequirement.longest)
        append(
            RouteRequirement(
                minimumTLS: minimum, isVerified: raw.flags & POSTERN_REQUIRE_VERIFIED != 0, names: names, hosts: hosts,
                reason: raw.reason.text(upTo: Most.detailBytes), duration: ttl))
        return POSTERN_OK
    }

    /// Host names or patterns of such; nil: one is none, or there are too many.
    private static func names(_ array: UnsafePointer<postern_bytes>?, _ count: UInt32, _ stride: UInt32) -> [String]? {
        if count == 0 { return [] }
        guard let array, count <= Most.routeNames, stride >= UInt32(MemoryLayout<postern_bytes>.size), stride % 8 == 0 else { return nil }
        var names: [String] = []
        for i in 0..<Int(count) {
            let name = UnsafeRawPointer(array).load(fromByteOffset: i * Int(stride), as: postern_bytes.self).buffer
            guard isRouteName(name) else { return nil }
            names.append(String(decoding: name, as: UTF8.self).lowercased())
        }
        return names
    }

    /// As it came from a worker.
    public func add(_ requirement: RouteRequirement) {
        if phase != .route { return }
        guard rules.rights.contains(.route) else { return note(.right, "no right to route") }
        guard requirements.count < Most.requirements else { return note(.flood, "more than \(Most.requirements) requirements") }
        let names = requirement.names + requirement.hosts
        guard max(requirement.names.count, requirement.hosts.count) <= Most.routeNames, names.allSatisfy({ Self.isRouteName($0.utf8) })
        else {
            return note(.invalid, "a bad requirement")
        }
        var taken = requirement
        taken.names = requirement.names.map { $0.lowercased() }
        taken.hosts = requirement.hosts.map { $0.lowercased() }
        taken.reason = Self.clean(requirement.reason, Most.detailBytes)
        taken.duration = min(max(requirement.duration, .seconds(1)), RouteRequirement.longest)
        append(taken)
    }

    private static func isRouteName(_ name: some Collection<UInt8>) -> Bool {
        (1...253).contains(name.count) && name.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
