/// Finds the known word that somebody probably meant.
enum Spelling {
    /// nil when none is near: more than a third of the letters would have to change.
    static func nearest(to word: String, in known: some Sequence<String>) -> String? {
        let word = Array(word.lowercased().utf8.prefix(64))
        var best: (word: String, distance: Int)?
        for candidate in known {
            let letters = Array(candidate.lowercased().utf8)
            guard letters.count <= 64 else { continue }
            let distance = distance(word, letters)
            let near = max(word.count, letters.count) / 3
            if distance <= near, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// `did you mean X?` or the list of what there is.
    static func mend(_ word: String, known: [String], kind: String) -> String {
        if let nearest = nearest(to: word, in: known) { return "did you mean `\(nearest)`?" }
        if known.isEmpty { return "there is no \(kind)" }
        let shown = known.sorted().prefix(30)
        return "known: " + shown.joined(separator: ", ") + (known.count > shown.count ? ", ..." : "")
    }

    /// Letters to insert, delete or replace (Levenshtein), `-` and `_` being one letter; two that changed places count once.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        func same(_ x: UInt8, _ y: UInt8) -> Bool { x == y || (x == 0x2D || x == 0x5F) && (y == 0x2D || y == 0x5F) }
        var older: [Int] = []
        var above = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            row.reserveCapacity(b.count + 1)
            for j in 0..<b.count {
                var cost = min(above[j + 1] + 1, row[j] + 1, above[j] + (same(a[i], b[j]) ? 0 : 1))
                if i > 0, j > 0, same(a[i], b[j - 1]), same(a[i - 1], b[j]) { cost = min(cost, older[j - 1] + 1) }
                row.append(cost)
            }
            older = above
            above = row
        }
        return above[b.count]
    }
}
