extension String {
    /// Text of a stranger's for logs, receipts and pages, in one line: broken UTF-8 is repaired, and what could forge a line or deceive a terminal
    /// (control characters, those of direction) becomes a blank.
    public init(printable bytes: some Collection<UInt8>) {
        self.init(decoding: bytes, as: UTF8.self)
        if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return }
        guard unicodeScalars.contains(where: \.isDeceptive) else { return }
        var view = UnicodeScalarView()
        for scalar in unicodeScalars { view.append(scalar.isDeceptive ? " " : scalar) }
        self.init(view)
    }
}

extension Unicode.Scalar {
    /// A control character (C0, C1), a line or paragraph separator, or one that changes the direction of text.
    public var isDeceptive: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}
