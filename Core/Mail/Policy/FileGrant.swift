/// A path that a plugin reads, as its manifest declares it: what a worker is granted. Nothing else of the disk is in its reach.
public struct FileGrant: Hashable, Sendable {
    public var source: Source
    /// Where it is a file, the folder that holds it is granted instead: a file that is replaced is another file of the same name, and it may
    /// name its neighbours.
    public var grantsFolder: Bool

    public enum Source: Hashable, Sendable {
        case path(String)
        /// The names on the way to a setting (a JSON pointer, RFC 6901) whose value is a path or a list of paths; what is no absolute path
        /// grants nothing.
        case setting([String])
    }

    public init(source: Source, grantsFolder: Bool) {
        self.source = source
        self.grantsFolder = grantsFolder
    }

    /// The paths that these settings grant. `isFolder` looks at the disk.
    public func paths(in settings: JSONValue, isFolder: (String) -> Bool) -> [String] {
        let named: [String]
        switch source {
        case .path(let path): named = [path]
        case .setting(let names):
            let value = names.reduce(settings as JSONValue?) { value, name in
                guard let items = value?.array else { return value?[name] }
                return Int(name).flatMap { items.indices.contains($0) ? items[$0] : nil }
            }
            named = (value?.array ?? value.map { [$0] } ?? []).compactMap(\.string)
        }
        return named.filter { $0.hasPrefix("/") && !$0.utf8.contains(0) }.map { granted($0, isFolder) }
    }

    /// The settings with the paths that it names as `resolve` has them.
    func resolvingPaths(in settings: JSONValue, _ resolve: (String) -> String) -> JSONValue {
        guard case .setting(let names) = source else { return settings }
        return Self.resolving(settings, names[...], resolve)
    }

    private static func resolving(_ value: JSONValue, _ names: ArraySlice<String>, _ resolve: (String) -> String) -> JSONValue {
        guard let name = names.first else {
            return switch value {
            case .string(let path) where !path.isEmpty: .string(resolve(path))
            case .array(let items): .array(items.map { $0.array == nil ? resolving($0, [], resolve) : $0 })
            default: value
            }
        }
        switch value {
        case .object(var members):
            guard let member = members[name] else { return value }
            members[name] = resolving(member, names.dropFirst(), resolve)
            return .object(members)
        case .array(var items):
            guard let index = Int(name), items.indices.contains(index) else { return value }
            items[index] = resolving(items[index], names.dropFirst(), resolve)
            return .array(items)
        default: return value
        }
    }

    /// A pattern grants the folder before its first wildcard.
    private func granted(_ path: String, _ isFolder: (String) -> Bool) -> String {
        var parts = path.split(separator: "/", omittingEmptySubsequences: true)
        if let wildcard = parts.firstIndex(where: { $0.utf8.contains { $0 == 42 || $0 == 63 || $0 == 91 } }) {
            parts = Array(parts[..<wildcard])
        } else if grantsFolder, !isFolder(path) {
            _ = parts.popLast()
        }
        return "/" + parts.joined(separator: "/")
    }
}
