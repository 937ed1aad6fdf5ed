import Mail

/// The parameters of RCPT: NOTIFY and ORCPT (RFC 3461 sections 4.1 and 4.2; RFC 6533 section 3 for addresses in UTF-8). Each once at most.
enum RecipientParameters {
    /// RFC 3461 section 4.2.
    static let longestOriginalRecipient = 500

    static func read(_ cursor: inout ByteCursor, into recipient: inout Recipient) throws(CommandFault) {
        cursor.skipSpaces()
        while !cursor.isAtEnd {
            if cursor.take(word: "NOTIFY=") {
                guard recipient.notify == nil else { throw .parameterValue }
                recipient.notify = try conditions(&cursor)
            } else if cursor.take(word: "ORCPT=") {
                guard recipient.originalRecipient == nil else { throw .parameterValue }
                recipient.originalRecipient = try original(&cursor)
            } else {
                throw .parameter
            }
            guard cursor.isAtEnd || cursor.next == UInt8(ascii: " ") else { throw .parameterValue }
            cursor.skipSpaces()
        }
    }

    /// `NEVER`, or a list of the others.
    private static func conditions(_ cursor: inout ByteCursor) throws(CommandFault) -> NotifyConditions {
        if cursor.take(word: "NEVER") { return .never }
        var conditions: NotifyConditions = []
        repeat {
            let one: NotifyConditions
            if cursor.take(word: "SUCCESS") {
                one = .success
            } else if cursor.take(word: "FAILURE") {
                one = .failure
            } else if cursor.take(word: "DELAY") {
                one = .delay
            } else {
                throw .parameterValue
            }
            conditions.insert(one)
        } while cursor.take(UInt8(ascii: ","))
        return conditions
    }

    /// `addr-type ";" xtext`, kept as it is: whoever writes a DSN decodes it.
    private static func original(_ cursor: inout ByteCursor) throws(CommandFault) -> String {
        let start = cursor.at
        guard cursor.takeWhile({ $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }) > 0, cursor.take(UInt8(ascii: ";")) else {
            throw .parameterValue
        }
        let text = cursor.at
        let isUTF8 = cursor.string(from: start).lowercased() == "utf-8;"
        // RFC 6533's utf-8-addr-unitext may stand unencoded under SMTPUTF8; its backslashes and braces are plain characters here.
        if isUTF8 {
            guard cursor.takeWhile({ $0 > 32 && $0 != 127 && $0 != UInt8(ascii: "=") }) > 0 else { throw .parameterValue }
        } else {
            guard XText.decode(&cursor) != nil, cursor.at > text else { throw .parameterValue }
        }
        guard cursor.at - start <= longestOriginalRecipient else { throw .parameterValue }
        return cursor.string(from: start)
    }
}
