import Mail

extension XText {
    /// Takes the longest run of a parameter's value and gives what it stands for. nil: it is no xtext.
    static func decode(_ cursor: inout ByteCursor) -> String? {
        let start = cursor.at
        _ = cursor.takeWhile(\.isParameterValue)
        return decode(cursor.slice(from: start))
    }
}
