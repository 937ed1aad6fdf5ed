/// How something is made of files: a database, compiled rules, a list. See `FileBacked`.
public protocol FileSource: Sendable {
    associatedtype Value: AnyObject & Sendable

    /// What it is, for people: `the database in /var/lib/clamav`.
    var description: String { get }

    /// The files as they are now. Called every few seconds: look, do not read. On a thread of the kit's.
    func stamps() -> [FileStamp]

    /// Makes the value; may take minutes. `isFirst`: none was ever made, so that there is none that could go on. On a thread of the kit's.
    func load(isFirst: Bool) throws -> Value

    /// Whether the old value serves while the new one is made. Asked before each reload.
    func order(replacing old: Value) -> ReloadOrder

    /// What was made, for the log: `3 files, 120 rules`.
    func summary(of value: Value) -> String
}

extension FileSource {
    public func order(replacing old: Value) -> ReloadOrder { .beside }
}

public enum ReloadOrder: Hashable, Sendable {
    /// The old value serves until the new one is there: both are in memory for a while. When the new one cannot be made, the old one goes
    /// on.
    case beside
    /// The old value is given up first; whoever asks meanwhile waits. The reason is for the log.
    case hold(reason: String)
}
