import PosternKit

/// What rules may ask of a file on a disk, as one reader of a part would save it.
struct FileLabel: Hashable, Sendable {
    var name: String
    /// `type/subtype`
    var type: String

    /// Its name's last dot and what follows, in lower case: `.doc`; empty: there is none.
    var fileExtension: String { name.lastIndex(of: ".").map { name[$0...].lowercased() } ?? "" }

    /// By each of the part's names, the likeliest first; one without a name where there is none.
    static func all(of part: Part) -> [FileLabel] {
        let type = part.detectedType.isEmpty ? part.declaredType : part.detectedType
        return part.names.isEmpty ? [FileLabel(name: "", type: type)] : part.names.map { FileLabel(name: $0, type: type) }
    }
}
