/// A filter's settings: a tree of JSON in which each node knows its place, so that every complaint names it.
public struct Settings: Sendable {
    /// JSON pointer (RFC 6901); empty at the root.
    public let pointer: String
    public let value: Value

    public enum Value: Hashable, Sendable {
        case null
        case bool(Bool)
        case number(Double)
        case string(String)
        case array([Value])
        /// In the order of the text.
        case object([(String, Value)])

        public static func == (a: Value, b: Value) -> Bool {
            switch (a, b) {
            case (.null, .null): true
            case (.bool(let a), .bool(let b)): a == b
            case (.number(let a), .number(let b)): a == b
            case (.string(let a), .string(let b)): a == b
            case (.array(let a), .array(let b)): a == b
            case (.object(let a), .object(let b)): a.elementsEqual(b) { $0 == $1 }
            default: false
            }
        }

        public func hash(into hasher: inout Hasher) {
            switch self {
            case .null: break
            case .bool(let v): hasher.combine(v)
            case .number(let v): hasher.combine(v)
            case .string(let v): hasher.combine(v)
            case .array(let v): hasher.combine(v)
            case .object(let v): for (name, member) in v { hasher.combine(name); hasher.combine(member) }
            }
        }
    }

    init(pointer: String, value: Value) {
        self.pointer = pointer
        self.value = value
    }

    /// Reads a JSON document of at most 64 levels.
    public init(json: some Sequence<UInt8>) throws {
        self.init(pointer: "", value: try JSONReader.read(Array(json)))
    }

    /// For tests: `Settings("{\"greeting\": \"hi\"}")`.
    public init(_ text: String) throws { try self.init(json: text.utf8) }

    /// The member of that name; nil when it is absent or null.
    public subscript(name: String) -> Settings? {
        guard case .object(let members) = value, let member = members.last(where: { $0.0 == name })?.1, member != .null else { return nil }
        return Settings(pointer: pointer + "/" + Self.escaped(name), value: member)
    }

    /// An object's members in the order of the text.
    public func members() throws(SettingsError) -> [(name: String, settings: Settings)] {
        guard case .object(let members) = value else { throw error("must be an object") }
        return members.map { ($0.0, Settings(pointer: pointer + "/" + Self.escaped($0.0), value: $0.1)) }
    }

    public func elements() throws(SettingsError) -> [Settings] {
        guard case .array(let items) = value else { throw error("must be a list") }
        return items.enumerated().map { Settings(pointer: pointer + "/\($0.offset)", value: $0.element) }
    }

    public func string() throws(SettingsError) -> String {
        guard case .string(let text) = value else { throw error("must be text") }
        return text
    }

    public func bool() throws(SettingsError) -> Bool {
        guard case .bool(let flag) = value else { throw error("must be true or false") }
        return flag
    }

    public func number() throws(SettingsError) -> Double {
        guard case .number(let number) = value else { throw error("must be a number") }
        return number
    }

    public func integer() throws(SettingsError) -> Int {
        guard case .number(let number) = value, let whole = Int(exactly: number) else { throw error("must be a whole number") }
        return whole
    }

    public func string(_ name: String, default fallback: String) throws(SettingsError) -> String { try self[name]?.string() ?? fallback }
    public func bool(_ name: String, default fallback: Bool) throws(SettingsError) -> Bool { try self[name]?.bool() ?? fallback }
    public func number(_ name: String, default fallback: Double) throws(SettingsError) -> Double { try self[name]?.number() ?? fallback }
    public func integer(_ name: String, default fallback: Int) throws(SettingsError) -> Int { try self[name]?.integer() ?? fallback }

    /// A complaint about this place. `text` goes on after the place's name: `must be a domain`.
    public func error(_ text: String) -> SettingsError { SettingsError(pointer: pointer, text: text) }

    private static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        return name.reduce(into: "") { $0 += $1 == "~" ? "~0" : $1 == "/" ? "~1" : String($1) }
    }
}

/// Settings that the filter cannot work with.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// JSON pointer (RFC 6901).
    public var pointer: String
    public var text: String
    public init(pointer: String, text: String) {
        self.pointer = pointer
        self.text = text
    }
    public var description: String { "\(pointer.isEmpty ? "settings" : pointer): \(text)" }
}

/// Several complaints about settings.
public struct SettingsProblems: Error, Hashable, Sendable, CustomStringConvertible {
    public var problems: [SettingsError]
    public init(_ problems: [SettingsError]) { self.problems = problems }
    public var description: String { problems.map(\.description).joined(separator: "; ") }
}
