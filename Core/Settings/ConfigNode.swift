/// A piece of a YAML file with its place: what all readers work on. Scalars stay text until a reader says what it wants.
struct ConfigNode {
    enum Content {
        /// `isPlain`: written without quotes, so that it may mean a number, a truth value or nothing.
        case scalar(String, isPlain: Bool)
        case list([ConfigNode])
        case mapping([Entry])
    }

    struct Entry {
        let key: String
        let keyPlace: SettingsPlace
        let value: ConfigNode
    }

    let content: Content
    let place: SettingsPlace

    var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content { ["", "~", "null", "Null", "NULL"].contains(text) } else { false }
    }

    /// What it is, in the words of an error.
    var word: String {
        switch content {
        case .scalar where isNull: "nothing"
        case .scalar(let text, _): "`\(text.shortened)`"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    var text: String? { if case .scalar(let text, _) = content, !isNull { text } else { nil } }
    var list: [ConfigNode]? { if case .list(let items) = content { items } else { nil } }
    var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }

    /// YAML 1.2's words, and those of 1.1 that people write.
    var bool: Bool? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: return nil
        }
    }

    var integer: Int64? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        return Int64(text)
    }

    /// Decimal only: `0x10`, `nan` and `inf` are text.
    var number: Double? {
        guard case .scalar(let text, isPlain: true) = content, let first = text.utf8.first,
            text.utf8.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) }), first != UInt8(ascii: "e"),
            first != UInt8(ascii: "E"), let value = Double(text), value.isFinite
        else { return nil }
        return value
    }
}

extension String {
    /// As much as an error shows, on one line.
    var shortened: String {
        let clean = unicodeScalars.prefix(60).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : String($0) }.joined()
        return unicodeScalars.count > 60 ? clean + "..." : clean
    }
}
