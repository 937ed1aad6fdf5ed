import CPostern

/// What a plugin finds wrong with its settings.
public struct SettingsProblem: Hashable, Sendable, CustomStringConvertible {
    /// JSON pointer (RFC 6901) into the settings; empty: all of them.
    public var pointer: String
    public var text: String
    public init(pointer: String, text: String) {
        self.pointer = pointer
        self.text = text
    }

    public var description: String { pointer.isEmpty ? text : "\(pointer): \(text)" }
}

/// A plugin refuses its settings, or could not be asked.
public struct SettingsRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public var problems: [SettingsProblem]
    /// False: it has said nothing, since it could not be loaded, or did not come back.
    public var isPluginsWord = true

    public init(problems: [SettingsProblem]) { self.problems = problems }

    /// It could not be asked: `why`.
    public init(unasked why: String) {
        problems = [SettingsProblem(pointer: "", text: why)]
        isPluginsWord = false
    }

    public var description: String { problems.map(\.description).joined(separator: "; ") }
}

/// Takes problems from a plugin, through the ABI's `postern_problems`.
final class ProblemList {
    private(set) var found: [SettingsProblem] = []

    func collect(_ body: (UnsafeMutablePointer<postern_problems>) -> postern_status) -> postern_status {
        var sink = postern_problems(
            size: UInt32(MemoryLayout<postern_problems>.size), reserved: 0, context: Unmanaged.passUnretained(self).toOpaque(),
            add: { sink, pointer, text in
                guard let context = sink?.pointee.context else { return }
                let list = Unmanaged<ProblemList>.fromOpaque(context).takeUnretainedValue()
                if list.found.count < 50 {
                    list.found.append(SettingsProblem(pointer: pointer.text(upTo: 200), text: text.text(upTo: 500)))
                }
            })
        return withExtendedLifetime(self) { body(&sink) }
    }

    /// Never empty: a refusal without a reason is a refusal.
    func found(_ status: postern_status) -> [SettingsProblem] {
        found.isEmpty ? [SettingsProblem(pointer: "", text: "refused without a reason (status \(status))")] : found
    }

    func text(_ status: postern_status) -> String { found(status).map(\.description).joined(separator: "; ") }
}
