import Glibc

/// What runs on a thread of its own. (C's thread function cannot be generic.)
protocol FileThread: AnyObject, Sendable {
    func run()
}

extension FileThread {
    /// Calls `run` on a new thread, which keeps the object until then. pthread_create(3)'s code; not 0: there is no thread.
    func beginThread() -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // C libraries that parse and compile expect the usual stack.
        pthread_attr_setstacksize(&attributes, 8 << 20)
        var thread = pthread_t()
        let me = Unmanaged.passRetained(self as AnyObject)
        let code = pthread_create(
            &thread, &attributes,
            { pointer in
                (Unmanaged<AnyObject>.fromOpaque(pointer!).takeRetainedValue() as! any FileThread).run()
                return nil
            }, me.toOpaque())
        if code != 0 { me.release() }
        return code
    }
}
