/// How people write addresses so that clients make no links of them, and how it is undone.
enum Defanged {
    /// Words in front of `://`, what they stand for, and whether they are disguised. Longer ones first.
    static let schemes: [(word: StaticString, scheme: StaticString, isDefanged: Bool)] = [
        ("https", "https://", false), ("http", "http://", false), ("ftps", "ftps://", false), ("ftp", "ftp://", false),
        ("hxxps", "https://", true), ("hxxp", "http://", true), ("hxtps", "https://", true), ("hxtp", "http://", true),
        ("htxps", "https://", true),
        ("htxp", "http://", true), ("h**ps", "https://", true), ("h**p", "http://", true), ("httxs", "https://", true),
        ("xxxxs", "https://", true),
        ("xxxx", "http://", true), ("meows", "https://", true), ("meow", "http://", true), ("fxps", "ftps://", true),
        ("fxp", "ftp://", true),
        ("f*p", "ftp://", true), ("file", "file://", false),
    ]

    private static let dots: [StaticString] = ["[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}", "<.>", "<dot>", "[.", ".]", "\\."]
    private static let separators: [StaticString] = [
        "://", "[://]", "[:]//", "(:)//", "{:}//", "[:\\\\]", ":[//]", ":\\\\", ":/\\", ":\\/", "[:]\\\\",
    ]

    /// The length of a disguised dot at `at`; nil: none.
    static func dot(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        switch text[at] {
        case 0x5B, 0x28, 0x7B, 0x3C, 0x2E, 0x5C: first(of: dots, text, at)
        default: nil
        }
    }

    /// The length of what stands between scheme and host at `at`; nil: something else is there.
    static func separator(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        switch text[at] {
        case 0x3A, 0x5B, 0x28, 0x7B: first(of: separators, text, at)
        default: nil
        }
    }

    private static func first(of words: [StaticString], _ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        for word in words {
            let length = word.utf8CodeUnitCount
            if at + length <= text.count, text[at..<at + length].elementsEqualFolded(word) { return length }
        }
        return nil
    }

    /// Whether a disguised dot may stand in front of the path; false: none does.
    static func mayHoldDot(_ text: UnsafeRawBufferPointer) -> Bool {
        for at in text.indices {
            switch text[at] {
            case 0x2F, 0x3F: return false
            case 0x5B, 0x28, 0x7B, 0x3C, 0x5C: return true
            case 0x2E: if at + 1 < text.count, text[at + 1] == 0x5D { return true }
            default: break
            }
        }
        return false
    }

    /// Disguised dots are dots, up to the path.
    static func undone(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var at = 0
        while at < text.count, text[at] != UInt8(ascii: "/"), text[at] != UInt8(ascii: "?") {
            // The brackets of an IPv6 address are none.
            if let length = dot(text, at), at > 0 || text[at] == UInt8(ascii: ".") {
                out.append(UInt8(ascii: "."))
                at += length
            } else {
                out.append(text[at])
                at += 1
            }
        }
        out.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[at...]))
        return out
    }
}
