import Mail
import SMTP

/// A PROXY header means the same however much of it has come: first nothing yet, then one result that later bytes cannot change.
enum ProxyTarget {
    /// Longer than either version's header can be.
    private static let mostBytes = 16 + 4096

    static func run(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        var result = ProxyHeader.Reading.more
        for count in 0...bytes.count {
            let reading = ProxyHeader.read(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            if case .more = result {
                result = reading
                if case .more = reading { try expect(count < mostBytes, "\(count) bytes and still no header") }
                if case .done(let header, let length) = reading { try check(header, length, of: count) }
            } else {
                try expect(reading == result, "\(count) bytes change \(result) to \(reading)")
            }
        }
    }

    private static func check(_ header: ProxyHeader, _ length: Int, of count: Int) throws(Finding) {
        try expect(length == count, "a header of \(length) bytes, seen at \(count)")
        try expect((0...65535).contains(header.clientPort), "the port \(header.clientPort)")
        guard let client = header.client else { return }
        try expect(IPAddress(client.description) == client, "\(client) is read as another")
    }
}
