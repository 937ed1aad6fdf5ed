/// Hexadecimal digits in either case.
enum Hexadecimal {
    @inline(__always) static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
