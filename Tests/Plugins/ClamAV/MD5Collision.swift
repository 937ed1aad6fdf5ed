/// Two different files with one MD5 (the pair of Wang and Yu, 2004), and a tail that both share.
enum MD5Collision {
    private static let hex =
        "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
        + "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
        + "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
        + "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70"

    /// Where they differ, by one bit each.
    private static let differences = [19, 45, 59, 83, 109, 123]

    static let pair: (first: [UInt8], second: [UInt8]) = {
        let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
        let first = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        var second = first
        for place in differences { second[place] ^= 0x80 }
        let tail = Array(String(repeating: "common tail ", count: 500).utf8)
        return (first + tail, second + tail)
    }()
}
