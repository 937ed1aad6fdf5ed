/// What a supervisor hands to the program that takes its place, as the text of one environment variable:
///
///     1 gateway=PID channel=FD version=HEX path=HEX socket=FD:HEX socket=FD:HEX ...
///
/// Releases read what older ones wrote: words are only ever added. Unknown words are passed over.
struct SupervisorState: Equatable {
    var gateway: Int32
    /// To the gateway.
    var channel: Int32
    /// Of the program that takes over, as it said itself.
    var version: String
    /// Where the program was started from.
    var path: String
    /// Name -> descriptor, both inherited.
    var sockets: [String: Int32]

    static let variable = "POSTERN_SUPERVISOR_STATE"

    init(gateway: Int32, channel: Int32, version: String, path: String, sockets: [String: Int32]) {
        self.gateway = gateway
        self.channel = channel
        self.version = version
        self.path = path
        self.sockets = sockets
    }

    var text: String {
        var words = ["1", "gateway=\(gateway)", "channel=\(channel)", "version=\(Self.hex(version))", "path=\(Self.hex(path))"]
        words += sockets.sorted { $0.key < $1.key }.map { "socket=\($0.value):\(Self.hex($0.key))" }
        return words.joined(separator: " ")
    }

    /// nil when it says nothing that can be used.
    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.first == "1" else { return nil }
        var numbers: [Substring: Int32] = [:]
        var texts: [Substring: String] = [:]
        sockets = [:]
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            switch parts[0] {
            case "gateway", "channel":
                guard let number = Int32(parts[1]), number > 0 else { return nil }
                numbers[parts[0]] = number
            case "version", "path":
                guard let decoded = Self.unhex(parts[1]) else { return nil }
                texts[parts[0]] = decoded
            case "socket":
                let pair = parts[1].split(separator: ":", omittingEmptySubsequences: false)
                guard pair.count == 2, let descriptor = Int32(pair[0]), descriptor > 2, let name = Self.unhex(pair[1]), !name.isEmpty else {
                    return nil
                }
                sockets[name] = descriptor
            default: break
            }
        }
        guard let gateway = numbers["gateway"], let channel = numbers["channel"], let path = texts["path"] else { return nil }
        self.gateway = gateway
        self.channel = channel
        self.path = path
        version = texts["version"] ?? ""
    }

    private static func hex(_ text: String) -> String {
        text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func unhex(_ text: Substring) -> String? {
        guard text.utf8.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
