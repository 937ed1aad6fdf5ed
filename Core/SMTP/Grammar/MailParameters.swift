import Mail

/// The parameters of MAIL: SIZE (RFC 1870) and BODY (RFC 6152). Each once at most.
enum MailParameters {
    static func read(_ cursor: inout ByteCursor, into envelope: inout Envelope) throws(CommandFault) {
        var hasBody = false
        cursor.skipSpaces()
        while !cursor.isAtEnd {
            if cursor.take(word: "SIZE=") {
                guard envelope.declaredSize == nil else { throw .parameterValue }
                envelope.declaredSize = try size(&cursor)
            } else if cursor.take(word: "BODY=") {
                guard !hasBody else { throw .parameterValue }
                hasBody = true
                if cursor.take(word: "8BITMIME") {
                    envelope.is8BitMIME = true
                } else if !cursor.take(word: "7BIT") {
                    throw .parameterValue
                }
            } else {
                throw .parameter
            }
            guard cursor.isAtEnd || cursor.next == UInt8(ascii: " ") else { throw .parameterValue }
            cursor.skipSpaces()
        }
    }

    /// RFC 1870 section 4: up to 20 digits. What does not fit is larger than any limit of ours, so it saturates.
    private static func size(_ cursor: inout ByteCursor) throws(CommandFault) -> Int {
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
