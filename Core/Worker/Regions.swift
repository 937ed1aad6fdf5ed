import Glibc
import Mail
import Processes
import WorkerLink

/// The bytes that the gateway shows to this worker, by number. On the loop.
struct Regions {
    private let socket: PacketSocket
    private var regions: [UInt64: Region] = [:]
    /// What records say, each read when a call first shows it.
    private var contents: [UInt64: MessageContent] = [:]

    init(_ socket: PacketSocket) { self.socket = socket }

    subscript(number: UInt64) -> Region? { regions[number] }

    mutating func take(_ number: UInt64, inline bytes: [UInt8]) { regions[number] = Region(copying: bytes) }

    /// Its descriptor was sent before the record that speaks of it.
    mutating func takeDescriptor(_ number: UInt64, count: Int) { regions[number] = Self.map(nextDescriptor(number), count: count) }

    /// What the record of this number says that a message of these bytes consists of.
    mutating func content(_ number: UInt64, of bytes: [Region]) throws(WireFault) -> MessageContent {
        if let known = contents[number] { return known }
        guard let record = regions[number] else { throw WireFault("a message without what it consists of") }
        let content = try ContentRecord.read(record, regions: bytes)
        contents[number] = content
        return content
    }

    mutating func drop(_ number: UInt64) {
        regions[number] = nil
        contents[number] = nil
    }

    /// A record that was too long for the ring.
    func record(_ number: UInt64, count: Int) -> [UInt8] {
        let region = Self.map(nextDescriptor(number), count: count)
        // Without this the mapping may go before the copy is made.
        return withExtendedLifetime(region) { Array(region.bytes) }
    }

    private func nextDescriptor(_ number: UInt64) -> Int32 {
        guard let (sent, descriptor) = socket.receive(), sent == number else {
            WorkerProcess.end(.brokenLink, "the descriptor \(number) did not come")
        }
        return descriptor
    }

    private static func map(_ descriptor: Int32, count: Int) -> Region {
        defer { close(descriptor) }
        var status = stat()
        guard count > 0, fstat(descriptor, &status) == 0, Int(status.st_size) >= count,
            let base = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED
        else { WorkerProcess.end(.brokenLink, "\(count) bytes behind a descriptor cannot be mapped") }
        nonisolated(unsafe) let mapped = base
        return Region(adopting: UnsafeRawBufferPointer(start: base, count: count), memory: 0) { munmap(mapped, count) }
    }
}
