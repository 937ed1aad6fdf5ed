import Mail

/// The parameters of MAIL: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), RET and ENVID (RFC 3461), AUTH (RFC 4954 section 5). Each once
/// at most.
enum MailParameters {
    private struct Seen: OptionSet {
        let rawValue: UInt8
        static let size = Seen(rawValue: 1)
        static let body = Seen(rawValue: 2)
        static let utf8 = Seen(rawValue: 4)
        static let returned = Seen(rawValue: 8)
        static let envelopeID = Seen(rawValue: 16)
        static let auth = Seen(rawValue: 32)
    }

    /// RFC 3461 section 4.4.
    static let longestEnvelopeID = 100

    /// `offersAUTH`: without it AUTH= is as unknown as any other.
    static func read(_ cursor: inout ByteCursor, into envelope: inout Envelope, offersAUTH: Bool) throws(CommandFault) {
        var seen: Seen = []
        cursor.skipSpaces()
        while !cursor.isAtEnd {
            let one: Seen
            if cursor.take(word: "SIZE=") {
                one = .size
                envelope.declaredSize = try size(&cursor)
            } else if cursor.take(word: "BODY=") {
                one = .body
                if cursor.take(word: "8BITMIME") {
                    envelope.is8BitMIME = true
                } else if !cursor.take(word: "7BIT") {
                    throw .parameterValue
                }
            } else if cursor.take(word: "SMTPUTF8") {
                one = .utf8
                envelope.isSMTPUTF8 = true
            } else if cursor.take(word: "RET=") {
                one = .returned
                if cursor.take(word: "FULL") {
                    envelope.dsn.returned = .full
                } else if cursor.take(word: "HDRS") {
                    envelope.dsn.returned = .headers
                } else {
                    throw .parameterValue
                }
            } else if cursor.take(word: "ENVID=") {
                one = .envelopeID
                let start = cursor.at
                guard let text = XText.decode(&cursor), !text.isEmpty, cursor.at - start <= longestEnvelopeID else { throw .parameterValue }
                envelope.dsn.envelopeID = text
            } else if offersAUTH, cursor.take(word: "AUTH=") {
                one = .auth
                // Who the peer says that it speaks for: we take nobody's word for it.
                guard let text = XText.decode(&cursor), !text.isEmpty else { throw .parameterValue }
            } else {
                throw .parameter
            }
            guard !seen.contains(one) else { throw .parameterValue }
            // SMTPUTF8 has no value: what begins like it is another parameter.
            guard cursor.isAtEnd || cursor.next == UInt8(ascii: " ") else { throw one == .utf8 ? .parameter : .parameterValue }
            seen.insert(one)
            cursor.skipSpaces()
        }
    }

    /// RFC 1870 section 4: up to 20 digits. What does not fit is larger than any limit of ours, so it saturates.
    static func size(_ cursor: inout ByteCursor) throws(CommandFault) -> Int {
        let start = cursor.at
        let digits = cursor.takeWhile(\.isASCIIDigit)
        guard (1...20).contains(digits) else { throw .parameterValue }
        var value = 0
        for byte in cursor.slice(from: start) {
            let (tens, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            if over || carry { return .max }
            value = sum
        }
        return value
    }
}
