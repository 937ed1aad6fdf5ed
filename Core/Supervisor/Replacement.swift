/// Why a gateway that is well makes room for another.
public enum Replacement: String, Hashable, Sendable, CaseIterable {
    /// The same program, from the beginning.
    case restart
    /// The program that lies on the disk now.
    case upgrade
}
