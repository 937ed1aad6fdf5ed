import Mail

/// What a worker is told first: what it loads, and what it may have.
public struct WorkerOrders: Hashable, Sendable {
    /// How the operator knows the library.
    public var libraryName: String
    /// NAME.manifest.json as it was read.
    public var manifest: [UInt8]
    public var manifestName: String
    /// Threads for plugins of the class `blocking`.
    public var threads: Int
    /// Files and folders that it may read.
    public var readable: [String] = []
    /// A folder of its own that it may write into.
    public var temporary: String?
    /// Bytes that a file there may have; of their sum the gateway takes care.
    public var temporaryBytes: Int = 0
    /// Bytes of memory.
    public var memory: Int
    public var openFiles: Int = 256
    /// When started as root.
    public var user: UInt32?
    public var group: UInt32?

    public init(libraryName: String, manifest: [UInt8], manifestName: String, threads: Int, memory: Int) {
        self.libraryName = libraryName
        self.manifest = manifest
        self.manifestName = manifestName
        self.threads = threads
        self.memory = memory
    }

    func write(_ w: inout WireWriter) {
        w.text(libraryName)
        w.raw(manifest)
        w.text(manifestName)
        w.u32(UInt32(clamping: threads))
        w.list(readable) { $0.text($1) }
        w.optional(temporary) { $0.text($1) }
        w.i64(Int64(temporaryBytes))
        w.i64(Int64(memory))
        w.u32(UInt32(clamping: openFiles))
        w.optional(user) { $0.u32($1) }
        w.optional(group) { $0.u32($1) }
    }

    init(_ r: inout WireReader) throws(WireFault) {
        libraryName = try r.text()
        manifest = try r.raw()
        manifestName = try r.text()
        threads = Int(try r.u32())
        readable = try r.list(most: 10_000) { (r) throws(WireFault) in try r.text() }
        temporary = try r.optional { (r) throws(WireFault) in try r.text() }
        temporaryBytes = Int(try r.i64())
        memory = Int(try r.i64())
        openFiles = Int(try r.u32())
        user = try r.optional { (r) throws(WireFault) in try r.u32() }
        group = try r.optional { (r) throws(WireFault) in try r.u32() }
    }
}
