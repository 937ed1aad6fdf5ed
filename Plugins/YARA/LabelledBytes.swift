import PosternKit

/// Bytes that one or several parts of a message consist of, and all that they could be called. Equal ones are matched together: however
/// many parts there are, rules that do not ask for names see them once.
struct LabelledBytes {
    /// The first that has them.
    let part: Part
    /// The likeliest first; never empty.
    private(set) var labels: [FileLabel]
    /// There were more labels than are looked at.
    private(set) var isCut = false

    /// Labels of the same bytes. A part has at most 16 names.
    static let most = 64

    /// Of all leaves, in the order in which their bytes come first.
    static func of(_ parts: [Part]) -> [LabelledBytes] {
        var all: [LabelledBytes] = []
        var places: [[UInt8]: Int] = [:]
        for part in parts where part.kind == .leaf && part.count > 0 {
            if let place = places[part.sha256] {
                all[place].add(FileLabel.all(of: part))
            } else {
                places[part.sha256] = all.count
                all.append(LabelledBytes(part: part, labels: []))
                all[all.count - 1].add(FileLabel.all(of: part))
            }
        }
        return all
    }

    private mutating func add(_ more: [FileLabel]) {
        for label in more where !labels.contains(label) {
            if labels.count < Self.most { labels.append(label) } else { isCut = true }
        }
    }
}
