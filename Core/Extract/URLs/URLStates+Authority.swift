/// From behind the scheme to the port: who is asked, and by whom (URL standard, section 4.4).
extension URLStates {
    mutating func specialRelativeOrAuthority(_ c: Int) -> Step {
        if c == Self.slash, follows("/") {
            at += 1
            return go(.specialAuthorityIgnoreSlashes)
        }
        return again(.relative)
    }

    mutating func pathOrAuthority(_ c: Int) -> Step { c == Self.slash ? go(.authority) : again(.path) }

    mutating func specialAuthoritySlashes(_ c: Int) -> Step {
        if c == Self.slash, follows("/") {
            at += 1
            return go(.specialAuthorityIgnoreSlashes)
        }
        return again(.specialAuthorityIgnoreSlashes)
    }

    mutating func specialAuthorityIgnoreSlashes(_ c: Int) -> Step {
        c == Self.slash || c == Self.backslash ? .next : again(.authority)
    }

    mutating func authority(_ c: Int) -> Step {
        if c == 0x40 {
            if sawAt { buffer.insert(contentsOf: "%40".utf8, at: 0) }
            sawAt = true
            for byte in buffer {
                if byte == UInt8(ascii: ":"), !sawPassword {
                    sawPassword = true
                } else if sawPassword {
                    PercentEncodeSet.userInfo.append(byte, to: &password)
                } else {
                    PercentEncodeSet.userInfo.append(byte, to: &username)
                }
            }
            buffer.removeAll(keepingCapacity: true)
            return .next
        }
        if c < 0 || isSlash(c) || c == Self.question || c == Self.hash {
            if sawAt, buffer.isEmpty { return .failure }
            at -= buffer.count + 1
            return go(.host, clearing: true)
        }
        buffer.append(UInt8(c))
        return .next
    }

    mutating func host(_ c: Int) -> Step {
        if c == Self.colon, !isInBrackets {
            if buffer.isEmpty { return .failure }
            guard let host = URLHostParser.parse(buffer, isSpecial: isSpecial) else { return .failure }
            url.host = host
            return go(.port, clearing: true)
        }
        if c < 0 || isSlash(c) || c == Self.question || c == Self.hash {
            if isSpecial, buffer.isEmpty { return .failure }
            guard let host = URLHostParser.parse(buffer, isSpecial: isSpecial) else { return .failure }
            url.host = host
            buffer.removeAll(keepingCapacity: true)
            return again(.pathStart)
        }
        if c == 0x5B { isInBrackets = true }
        if c == 0x5D { isInBrackets = false }
        buffer.append(UInt8(c))
        return .next
    }

    mutating func port(_ c: Int) -> Step {
        if Self.isDigit(c) {
            buffer.append(UInt8(c))
            return .next
        }
        guard c < 0 || isSlash(c) || c == Self.question || c == Self.hash else { return .failure }
        if !buffer.isEmpty {
            var value = 0
            for digit in buffer {
                value = value * 10 + Int(digit) - 48
                if value > 65535 { return .failure }
            }
            url.port = URLRecord.specialPorts[url.scheme] == .some(.some(UInt16(value))) ? nil : UInt16(value)
            buffer.removeAll(keepingCapacity: true)
        }
        return again(.pathStart)
    }
}
