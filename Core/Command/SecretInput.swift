import Glibc

/// Reads what must not be seen on a screen.
enum SecretInput {
    /// Bytes of a line.
    static let longest = 1024

    /// Ctrl-C.
    private static let interrupt: UInt8 = 3

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// A line of standard input without its end. On a terminal `prompt` is shown on standard error, and what is typed is not. Throws at the
    /// end of input.
    static func line(_ prompt: String) throws -> String {
        guard isTerminal else { return try read() }
        var shown = termios()
        guard tcgetattr(STDIN_FILENO, &shown) == 0 else { throw Failure(description: "cannot ask the terminal") }
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        hidden.c_lflag |= tcflag_t(ECHONL)
        // Ctrl-C meanwhile must not leave a terminal without echo: it is read like any other key, and ends the line.
        hidden.c_lflag &= ~tcflag_t(ISIG)
        withUnsafeMutableBytes(of: &hidden.c_cc) { $0[Int(VEOL)] = interrupt }
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 else { throw Failure(description: "cannot hide what is typed") }
        defer { tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown) }
        Terminal.progress(prompt)
        return try read()
    }

    private static func read() throws -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                if bytes.isEmpty { throw Failure(description: "no password was given") }
                break
            }
            if byte == UInt8(ascii: "\n") { break }
            if byte == interrupt, isTerminal {
                Terminal.printError("")
                throw Failure(description: "interrupted")
            }
            bytes.append(byte)
            if bytes.count > longest { throw Failure(description: "more than \(longest) bytes are no password") }
        }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let line = String(validating: bytes, as: UTF8.self) else { throw Failure(description: "a password must be UTF-8") }
        return line
    }
}
