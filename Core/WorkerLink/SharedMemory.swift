import CLinux
import Glibc

/// Memory that two processes see, behind a descriptor. Its size is sealed: nobody can cut it off under a reader.
public final class SharedMemory: @unchecked Sendable {
    // Sendable: the mapping does not change; who writes what into it is the ring's business.
    public let base: UnsafeMutableRawPointer
    public let count: Int
    /// Open as long as this lives.
    public let descriptor: Int32

    /// A new one, all zero.
    public init(count: Int) throws(LinkFailure) {
        let descriptor = postern_memory_file("postern")
        guard descriptor >= 0 else { throw LinkFailure("no shared memory: \(String(cString: strerror(errno)))") }
        guard ftruncate(descriptor, count) == 0, postern_seal(descriptor, 0) == 0,
            let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED
        else {
            let why = String(cString: strerror(errno))
            close(descriptor)
            throw LinkFailure("no shared memory of \(count) bytes: \(why)")
        }
        (self.base, self.count, self.descriptor) = (base, count, descriptor)
    }

    /// That of another process. Takes the descriptor over.
    public init(descriptor: Int32, count: Int) throws(LinkFailure) {
        guard let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
            throw LinkFailure("the shared memory cannot be mapped: \(String(cString: strerror(errno)))")
        }
        (self.base, self.count, self.descriptor) = (base, count, descriptor)
    }

    deinit {
        munmap(base, count)
        close(descriptor)
    }

    public static func copy(_ bytes: [UInt8]) throws(LinkFailure) -> Int32 {
        var result: Result<Int32, LinkFailure> = .failure(LinkFailure(""))
        bytes.withUnsafeBytes { raw in
            do throws(LinkFailure) { result = .success(try copy(raw)) } catch { result = .failure(error) }
        }
        return try result.get()
    }

    /// A descriptor of a sealed, read-only copy of `bytes`, the caller's to close.
    public static func copy(_ bytes: UnsafeRawBufferPointer) throws(LinkFailure) -> Int32 {
        let descriptor = postern_memory_file("postern-copy")
        guard descriptor >= 0 else { throw LinkFailure("no shared memory: \(String(cString: strerror(errno)))") }
        var at = 0
        while at < bytes.count {
            let written = write(descriptor, bytes.baseAddress! + at, bytes.count - at)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                close(descriptor)
                throw LinkFailure("no shared memory of \(bytes.count) bytes: \(String(cString: strerror(errno)))")
            }
            at += written
        }
        guard postern_seal(descriptor, 1) == 0 else {
            close(descriptor)
            throw LinkFailure("shared memory cannot be sealed: \(String(cString: strerror(errno)))")
        }
        return descriptor
    }
}

/// The link to the other process cannot be made or used; the text is for the operator.
public struct LinkFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public init(_ text: String) { self.text = text }
    public var description: String { text }
}
