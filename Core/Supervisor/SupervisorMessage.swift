import Processes

/// What gateway and supervisor tell each other: one packet each on a socket pair, a letter and a text. A socket goes along where noted.
enum SupervisorMessage: Hashable, Sendable {
    // From the gateway
    /// With the descriptor of a socket that listens under this name.
    case keep(String)
    /// Nothing listens under this name any more.
    case drop(String)
    case ready
    case ask(Replacement)
    // From the supervisor
    /// With the descriptor.
    case kept(String)
    /// How the gateway before ended: its pid, then `s` and the signal or `e` and the status.
    case death(pid: Int32, ChildExit)
    /// All is handed over.
    case begin
    case accepted(String)
    case refused(String)

    /// No name or text is longer.
    static let mostBytes = 4096

    var packet: [UInt8] {
        let (letter, text): (Character, String) =
            switch self {
            case .keep(let name): ("K", name)
            case .drop(let name): ("D", name)
            case .ready: ("R", "")
            case .ask(let replacement): ("A", replacement.rawValue)
            case .kept(let name): ("S", name)
            case .death(let pid, .signalled(let signal)): ("X", "\(pid) s \(signal)")
            case .death(let pid, .exited(let status)): ("X", "\(pid) e \(status)")
            case .begin: ("B", "")
            case .accepted(let text): ("Y", text)
            case .refused(let text): ("N", text)
            }
        return [letter.asciiValue!] + text.utf8.prefix(Self.mostBytes - 1)
    }

    /// nil for anything else.
    init?(packet: some Collection<UInt8>) {
        guard let letter = packet.first, packet.count <= Self.mostBytes else { return nil }
        let text = String(decoding: packet.dropFirst(), as: UTF8.self)
        switch Character(UnicodeScalar(letter)) {
        case "K" where !text.isEmpty: self = .keep(text)
        case "D" where !text.isEmpty: self = .drop(text)
        case "R" where text.isEmpty: self = .ready
        case "A":
            guard let replacement = Replacement(rawValue: text) else { return nil }
            self = .ask(replacement)
        case "S" where !text.isEmpty: self = .kept(text)
        case "X":
            let words = text.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3, let pid = Int32(words[0]), let number = Int32(words[2]), pid > 0, (0...255).contains(number) else {
                return nil
            }
            switch words[1] {
            case "s": self = .death(pid: pid, .signalled(number))
            case "e": self = .death(pid: pid, .exited(number))
            default: return nil
            }
        case "B" where text.isEmpty: self = .begin
        case "Y": self = .accepted(text)
        case "N": self = .refused(text)
        default: return nil
        }
    }
}
