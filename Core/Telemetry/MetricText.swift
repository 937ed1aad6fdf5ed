/// Writes Prometheus' text exposition format 0.0.4 piece by piece.
struct MetricText {
    private var utf8: [UInt8] = []

    var string: String { String(decoding: utf8, as: UTF8.self) }

    mutating func family(_ name: String, _ kind: MetricKind) {
        append("# TYPE \(name) \(kind.rawValue)\n")
    }

    /// `labels` as `labels(_:)` makes them: `a="b",c="d"`, or empty.
    mutating func sample(_ name: String, _ labels: String, _ value: Double) {
        append(name)
        if !labels.isEmpty { append("{\(labels)}") }
        append(" \(Self.number(value))\n")
    }

    private mutating func append(_ text: String) { utf8.append(contentsOf: text.utf8) }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value.rounded() == value && abs(value) < 1e15 ? String(Int64(value)) : value.description
    }

    /// What a metric's name may hold: `[a-zA-Z_:][a-zA-Z0-9_:]*`; anything else becomes `_`.
    static func name(_ text: String) -> String { identifier(text, allowsColon: true) }

    /// Sorted by name, so that equal sets are equal texts; a name that comes twice counts once.
    static func labels(_ dimensions: [(String, String)]) -> String {
        if dimensions.isEmpty { return "" }
        var seen: Set<String> = []
        return dimensions.map { (identifier($0.0, allowsColon: false), $0.1) }
            .filter { seen.insert($0.0).inserted }
            .sorted { $0.0 < $1.0 }
            .map { "\($0.0)=\"\(escaped($0.1))\"" }
            .joined(separator: ",")
    }

    private static func identifier(_ text: String, allowsColon: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8.prefix(200) {
            switch byte {
            case 0x30...0x39:
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            case 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): bytes.append(byte)
            case UInt8(ascii: ":") where allowsColon: bytes.append(byte)
            default: bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }

    /// Backslash, quote and line feed are escaped; other control bytes are shown as `?`. At most 200 characters.
    private static func escaped(_ value: String) -> String {
        var out = ""
        for scalar in value.unicodeScalars.prefix(200) {
            switch scalar {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: out += "?"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
