import PosternKit

/// Asks all zones about a client at once, lets the session go on, and reports before the first recipient.
struct RBLFilter: Filter {
    let settings: RBLSettings

    init(settings: Settings, host: Host) throws { self.settings = try RBLSettings(settings) }

    func connect(_ call: Call) async throws {
        let client = Network.unmapped(call.session.client.octets)
        let zones = settings.zones(for: client)
        guard !zones.isEmpty else { return }
        call.detach(joinBefore: .rcpt)
        let answers = await call.resolve(zones.map { DNSQuestion($0.question(for: client), .a) }, within: settings.wait)
        var unreachable: [String] = []
        for (zone, answer) in zip(zones, answers) {
            switch Listing(answer, of: zone) {
            case .clean: break
            case .listed(let codes, let weight):
                call.add(zone.symbol, factor: weight, detail: "\(zone.name) returned \(codes.map(CodeRange.text).joined(separator: ", "))")
            case .unknown(let reason): unreachable.append("\(zone.name): \(reason)")
            }
        }
        if !unreachable.isEmpty { call.add(RBLSymbols.unreachable, detail: RBLSymbols.detail(of: unreachable)) }
    }
}
