/// What one worker may have. Everything else is refused.
public struct Grants: Sendable, Equatable {
    /// A user and its group, both not 0.
    public struct User: Sendable, Equatable {
        public var uid: UInt32
        public var gid: UInt32

        public init(uid: UInt32, gid: UInt32) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// Absolute paths of files and folders that it may read, and load as libraries, beside the system's own (`SystemFiles`). A file that is
    /// replaced by renaming is another file, no longer granted: grant the folder of what is updated.
    public var readable: [String]
    /// Open descriptors of regular files that it may open again as `/proc/self/fd/N`: the plugin's library, whose folder it cannot reach. The
    /// file's mode must let the worker's user read it.
    public var readableDescriptors: [Int32]
    /// Descriptors that stay open, beside 0, 1, 2 and `readableDescriptors`; all others are closed.
    public var descriptors: [Int32]
    /// A folder of its own that it may write into. It becomes the working folder and `TMPDIR`; started as root, it is given to `user`, 0700.
    public var temporary: String?
    /// Bytes of private writable memory: heap, stacks of threads at their full size, private writable mappings (RLIMIT_DATA). Memory shared by
    /// descriptor is not counted.
    public var memory: Int
    /// Open descriptors (RLIMIT_NOFILE).
    public var openFiles: Int
    /// Bytes of one temporary file (RLIMIT_FSIZE); writing past it fails with EFBIG.
    public var temporaryBytes: Int
    /// Threads of all workers under `user` together (RLIMIT_NPROC); without `user` not limited, since the gateway's own would count.
    public var threads: Int
    /// Whom it becomes. Needed when it is started as root, otherwise nil.
    public var user: User?
    /// The operator accepts that files are protected by their modes alone where neither Landlock nor an empty root is to be had.
    public var acceptsModesAlone: Bool
    /// It ends when the thread that started it does, whatever it is doing.
    public var endsWithParent = false

    public init(
        readable: [String] = [], readableDescriptors: [Int32] = [], descriptors: [Int32] = [], temporary: String? = nil,
        memory: Int = 2 << 30, openFiles: Int = 256, temporaryBytes: Int = 1 << 30, threads: Int = 1024, user: User? = nil,
        acceptsModesAlone: Bool = false
    ) {
        self.readable = readable
        self.readableDescriptors = readableDescriptors
        self.descriptors = descriptors
        self.temporary = temporary
        self.memory = memory
        self.openFiles = openFiles
        self.temporaryBytes = temporaryBytes
        self.threads = threads
        self.user = user
        self.acceptsModesAlone = acceptsModesAlone
    }
}
