import Mail

/// How an address is read: its canonical form, its host, the tricks in it.
struct URLReading {
    private(set) var canonical = ""
    private(set) var host = ""
    var flags: URLFlags = []

    /// `value` has no references, folds or disguises any more.
    init(_ value: UnsafeRawBufferPointer, base: URLRecord?) {
        if let plain = PlainAddress(value) {
            canonical = plain.serialized(value)
            host = String(decoding: value[plain.host], as: UTF8.self)
        } else {
            parse(value, base: base)
        }
    }

    private mutating func parse(_ value: UnsafeRawBufferPointer, base: URLRecord?) {
        let alone = URLParser.parse(value)
        var record = alone
        if let base {
            record = URLParser.parse(value, base: base)
            if record != alone { flags.insert(.relative) }
        }
        if record == nil {
            flags.insert(.malformed)
            // What clients follow nevertheless.
            if value.starts(with: "//".utf8) || value.starts(with: "\\\\".utf8) {
                record = URLParser.parse(Array("http:".utf8) + value)
            } else if Self.isName(value) {
                record = URLParser.parse(Array("http://".utf8) + value)
            }
        }
        let end = value.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? value.count
        if value.contains(where: { $0 == 9 || $0 == 10 || $0 == 13 })
            || record?.isSpecial == true && value[..<end].contains(UInt8(ascii: "\\"))
        {
            flags.insert(.disguised)
        }
        guard let record else { return }
        let (path, pathChanged) = Self.decoded(record.pathText)
        let (query, queryChanged) = record.query.map { Self.decoded($0) } ?? ("", false)
        if pathChanged || queryChanged { flags.insert(.encoded) }
        canonical = record.text(path: path, query: record.query == nil ? nil : query)
        host = record.host?.serialized ?? ""
        if !record.username.isEmpty || !record.password.isEmpty { flags.insert(.userInfo) }
        readHost(record, value)
    }

    private mutating func readHost(_ record: URLRecord, _ value: UnsafeRawBufferPointer) {
        switch record.host {
        case .ipv4:
            flags.insert(.address)
            if !flags.contains(.relative), !value.hasPiece(host) { flags.insert(.hiddenAddress) }
        case .ipv6: flags.insert(.address)
        case .domain:
            if host.utf8.split(separator: UInt8(ascii: ".")).contains(where: { $0.starts(with: "xn--".utf8) }) { flags.insert(.idn) }
            if !flags.contains(.relative), Self.authority(value).contains(UInt8(ascii: "%")), record.username.isEmpty {
                flags.insert(.encoded)
            }
        case .opaque, .empty, nil: break
        }
    }

    /// From the host on, up to the path.
    private static func authority(_ value: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        guard let colon = value.firstIndex(of: UInt8(ascii: ":")) else { return value.prefix { $0 != UInt8(ascii: "/") } }
        let rest = value[(colon + 1)...].drop { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 <= 32 }
        return rest.prefix { ![47, 92, 63, 35].contains($0) }
    }

    /// Whether it begins with a name under a public top-level domain, which some clients take for a host.
    private static func isName(_ value: UnsafeRawBufferPointer) -> Bool {
        let host = value.prefix { ![47, 92, 63, 35, 58].contains($0) }
        guard host.count <= 255, let dot = host.lastIndex(of: UInt8(ascii: ".")), dot > host.startIndex,
            host.allSatisfy({ $0 >= 0x80 || $0 == 45 || $0 == 46 || $0 &- 48 < 10 || ($0 | 0x20) &- 97 < 26 })
        else { return false }
        return TopLevelDomains.shared.contains(UnsafeRawBufferPointer(rebasing: host[(dot + 1)...]))
    }

    /// Triples of unreserved characters undone, others in upper case (RFC 3986 section 6.2.2).
    private static func decoded(_ text: String) -> (String, changed: Bool) {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return (text, false) }
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var changed = false
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            guard byte == UInt8(ascii: "%"), at + 1 < bytes.count, let high = Hexadecimal.value(bytes[at]),
                let low = Hexadecimal.value(bytes[at + 1])
            else {
                out.append(byte)
                continue
            }
            at += 2
            let value = high << 4 | low
            if PercentEncodeSet.isUnreserved(value) {
                out.append(value)
                changed = true
            } else {
                out.append(byte)
                out.append(PercentEncodeSet.digit(high))
                out.append(PercentEncodeSet.digit(low))
            }
        }
        return (String(decoding: out, as: UTF8.self), changed)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether `piece`, which is short, stands in it.
    fileprivate func hasPiece(_ piece: String) -> Bool {
        indices.contains { self[$0...].starts(with: piece.utf8) }
    }
}
