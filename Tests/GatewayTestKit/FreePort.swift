/// Ports for servers that tests start: below those that the kernel hands out, and each only once in a process, so that no test gets
/// another's by chance.
import Glibc
import Synchronization

public enum FreePort {
    // Two processes side by side begin at different places.
    private static let next = Atomic(12_000 + Int(getpid()) % 100 * 100)

    /// Free for TCP and UDP on 127.0.0.1.
    public static func take() -> Int {
        while true {
            let port = next.add(1, ordering: .relaxed).oldValue
            precondition(port < 32_000, "no free port")
            if [SOCK_STREAM, SOCK_DGRAM].allSatisfy({ isFree(port, Int32($0.rawValue)) }) { return port }
        }
    }

    private static func isFree(_ port: Int, _ kind: Int32) -> Bool {
        let descriptor = socket(AF_INET, kind, 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
        }
    }
}
