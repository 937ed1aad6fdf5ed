import Crypto
import Extract
import Mail

/// A message taken apart as the gateway does it for its filters: everything lies in what it refers to, text is UTF-8, digests are right, nothing
/// multiplies; it is the same each time, and whoever needs less sees the same, less.
enum ExtractTarget {
    private static let all: ContentNeeds = [.parts, .text, .urls]

    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        let message = Region(copying: Growth.grown(input))
        let whole = try content(message, all)
        try check(whole, message)
        // Two of the eight sets, by what the message is: all come up.
        let sum = message.bytes.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        for needs in [UInt8(truncatingIfNeeded: sum >> 8 & 7), UInt8(truncatingIfNeeded: sum >> 16 & 7)] {
            try compare(try content(message, ContentNeeds(rawValue: needs)), whole)
        }
        withExtendedLifetime(message) {}
    }

    private static func content(_ message: Region, _ needs: ContentNeeds) throws(Finding) -> MessageContent {
        do {
            let content = try MessageExtractor().content(of: message, needs: needs, spool: nil)
            try expect(content.built == needs, "\(content.built) was built for \(needs)")
            return content
        } catch {
            throw Finding("\(error)")
        }
    }

    // MARK: Content

    private static func check(_ content: MessageContent, _ message: Region) throws(Finding) {
        let regions = content.regions
        try expect(!regions.isEmpty && regions[0] === message, "region 0 is not the message")
        // So much is decoded, and each byte of it rendered as few.
        let decoded = Set(content.parts.compactMap(\.decoded)).reduce(0) { $0 + ($1.region > 0 ? $1.range.count : 0) }
        try expect(decoded <= 4 * message.count + 1 << 20, "\(decoded) bytes decoded of \(message.count)")
        let made = regions.dropFirst().reduce(0) { $0 + $1.count }
        try expect(made <= 64 * message.count + 16 * decoded + 65_536, "\(made) bytes made of \(message.count), \(decoded) of them decoded")
        try expect(!content.parts.isEmpty, "no parts")
        var paths: Set<String> = []
        for (index, part) in content.parts.enumerated() {
            try expect(paths.insert(part.path).inserted, "two parts \(part.path)")
            for other in [part.parent, part.alternativeTo] {
                if let other { try expect(other >= 0 && other < index, "\(part.path) of part \(other)") }
            }
            for ref in [part.header, part.raw, part.decoded ?? part.raw] { try check(ref, regions, "part \(part.path)") }
            try expect(part.gaps.isSuperset(of: part.flags.gaps), "part \(part.path): \(part.gaps) for \(part.flags)")
            try expect(
                (part.kind == .leaf) == (part.decoded != nil),
                "part \(part.path), \(part.kind), decoded \(String(describing: part.decoded))")
            if let decoded = part.decoded {
                let digest = Array(SHA256.hash(data: content.bytes(decoded)))
                try expect(part.sha256 == MessageDigest(bytes: digest), "part \(part.path) has another digest")
            }
            try expect(part.detectedType.isEmpty || TypesTarget.isType(part.detectedType), "the type \(part.detectedType.debugDescription)")
            for name in part.names {
                try expect(!name.isEmpty && !name.utf8.contains(0), "a name \(name.debugDescription)")
                if name.utf8.contains(where: { $0 == 10 || $0 == 13 }) {
                    try expect(part.flags.contains(.oddName), "the name \(name.debugDescription) is not flagged")
                }
            }
        }
        for text in content.texts {
            try expect(content.parts.indices.contains(text.part), "text of part \(text.part)")
            try check(text.text, regions, "text of part \(text.part)")
            try expect(String(validating: content.bytes(text.text), as: UTF8.self) != nil, "text of part \(text.part) is no UTF-8")
        }
        try expect(content.urls.count <= URLCollector.mostURLs, "\(content.urls.count) addresses")
        for url in content.urls {
            try expect(content.parts.indices.contains(url.part), "an address of part \(url.part)")
            try check(url.span, regions, "an address of part \(url.part)")
            try URLTarget.check(url)
        }
    }

    private static func check(_ ref: ContentRef, _ regions: [Region], _ what: String) throws(Finding) {
        try expect(
            regions.indices.contains(ref.region) && ref.range.lowerBound >= 0 && ref.range.upperBound <= regions[ref.region].count,
            "\(what) at \(ref.range) of region \(ref.region), \(regions.map(\.count)) bytes")
    }

    // MARK: Less of it

    private static func compare(_ less: MessageContent, _ whole: MessageContent) throws(Finding) {
        let shown = whole.showing(less.built)
        let what = "for needs \(less.built.rawValue)"
        try expect(shown.built == less.built, "it shows needs \(shown.built.rawValue), \(what)")
        try expect(less.parts.count == shown.parts.count, "\(less.parts.count) parts, \(shown.parts.count) of the whole, \(what)")
        for (a, b) in zip(less.parts, shown.parts) {
            try expect(
                a.flags.isSubset(of: b.flags) && a.gaps.isSubset(of: b.gaps), "part \(a.path): \(a.flags), whole \(b.flags), \(what)")
            try expect(isSame(a.decoded, less, b.decoded, whole), "part \(a.path) is decoded to something else \(what)")
            var same = b
            (same.flags, same.gaps, same.decoded) = (a.flags, a.gaps, a.decoded)
            if !less.built.contains(.parts) { same.sha256 = nil }
            // Text that is rendered moves what is behind it in region 1.
            try expect(a == same, "\(a) \(what), whole \(same)")
        }
        try expect(less.texts.count == shown.texts.count, "\(less.texts.count) texts, \(shown.texts.count) of the whole, \(what)")
        for (a, b) in zip(less.texts, shown.texts) {
            try expect(a.part == b.part && a.source == b.source && isSame(a.text, less, b.text, whole), "\(a) \(what), whole \(b)")
        }
        try expect(less.urls.count == shown.urls.count, "\(less.urls.count) addresses, \(shown.urls.count) of the whole, \(what)")
        for (a, b) in zip(less.urls, shown.urls) {
            var same = b
            same.span = a.span
            try expect(a == same && isSame(a.span, less, b.span, whole), "\(a) \(what), whole \(b)")
        }
    }

    private static func isSame(_ a: ContentRef?, _ left: MessageContent, _ b: ContentRef?, _ right: MessageContent) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return a.gaps == b.gaps && left.bytes(a).elementsEqual(right.bytes(b))
    }
}
