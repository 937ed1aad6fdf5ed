import Glibc

/// A file in memory of our own, as a message is when it has come.
struct MessageFile {
    let bytes: UnsafeRawBufferPointer

    init(_ path: String) {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else {
            print("no file \(path)")
            exit(2)
        }
        defer { close(descriptor) }
        var status = stat()
        fstat(descriptor, &status)
        let size = Int(status.st_size)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 64)
        var at = 0
        while at < size {
            let count = read(descriptor, memory.baseAddress! + at, size - at)
            guard count > 0 else { break }
            at += count
        }
        bytes = UnsafeRawBufferPointer(rebasing: memory[..<at])
    }
}

/// Nanoseconds of a clock.
func clock(_ kind: Int32) -> Int {
    var time = timespec()
    clock_gettime(kind, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
