import Mail

/// Domain to ASCII (URL standard, section 3.3; UTS 46 section 4.2): non-transitional, CheckHyphens, UseSTD3ASCIIRules and VerifyDnsLength false,
/// CheckBidi and CheckJoiners true. A label that is longer than the DNS carries is refused where it has to be encoded or decoded.
enum DomainToASCII {
    /// nil: no domain.
    static func ascii(_ domain: [UInt8]) -> [UInt8]? {
        let isASCII = domain.allSatisfy { $0 < 0x80 }
        let lower = domain.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
        if isASCII, !lower.split(separator: dot).contains(where: { $0.starts(with: prefix) }) { return lower }
        var mapped: [Unicode.Scalar] = []
        for scalar in String(decoding: domain, as: UTF8.self).unicodeScalars
        where IDNAMapping.shared.map(scalar, into: &mapped) == .disallowed {
            return nil
        }
        var labels: [[Unicode.Scalar]] = []
        for label in Normalization.shared.composed(mapped).split(separator: ".", omittingEmptySubsequences: false) {
            guard let label = checked(label) else { return nil }
            labels.append(label)
        }
        if labels.contains(where: { $0.contains(where: BidiClass.isRightToLeft) }), !labels.allSatisfy(BidiClass.accepts) { return nil }
        var out: [UInt8] = []
        for (index, label) in labels.enumerated() {
            if index > 0 { out.append(dot) }
            if label.allSatisfy(\.isASCII) {
                out += label.map { UInt8($0.value) }
            } else {
                guard let text = Punycode.encode(label) else { return nil }
                out += prefix + text.utf8
            }
        }
        return out
    }

    private static let dot = UInt8(ascii: ".")
    private static let prefix = Array("xn--".utf8)
    /// Of 63 characters: what is written is read again, though the DNS may carry less of it.
    private static let longestEncoded = 512

    /// A label as Unicode text, if it is valid (UTS 46 section 4.1).
    private static func checked(_ label: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar]? {
        var text = Array(label)
        if text.starts(with: "xn--".unicodeScalars) {
            guard label.allSatisfy(\.isASCII) else { return nil }
            let encoded = String(String.UnicodeScalarView(label.dropFirst(4)))
            guard let decoded = Punycode.decode(Substring(encoded).utf8, most: longestEncoded) else { return nil }
            text = Array(decoded.unicodeScalars)
            guard !text.allSatisfy(\.isASCII), text == Normalization.shared.composed(text), !text.starts(with: "xn--".unicodeScalars) else {
                return nil
            }
        }
        guard text.contains(where: { !$0.isASCII }) else { return text }
        // Longer than the DNS carries; what follows is quadratic.
        guard text.count <= 63, text.allSatisfy(IDNAMapping.shared.isValid), !isMark(text[0]), hasJoinersInPlace(text) else { return nil }
        return text
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        [.nonspacingMark, .spacingMark, .enclosingMark].contains(scalar.properties.generalCategory)
    }

    /// RFC 5892 appendix A.1 and A.2.
    private static func hasJoinersInPlace(_ text: [Unicode.Scalar]) -> Bool {
        for (index, scalar) in text.enumerated() where scalar.value == 0x200C || scalar.value == 0x200D {
            if index > 0, text[index - 1].properties.canonicalCombiningClass.rawValue == 9 { continue }
            guard scalar.value == 0x200C else { return false }
            let before = text[..<index].reversed().lazy.map(JoiningType.of).first { $0 != .transparent }
            let after = text[(index + 1)...].lazy.map(JoiningType.of).first { $0 != .transparent }
            guard before == .left || before == .dual, after == .right || after == .dual else { return false }
        }
        return true
    }
}
