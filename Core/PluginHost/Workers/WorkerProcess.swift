import CLinux
import Glibc
import Mail
import PluginLoader
import Processes
import Synchronization
import WorkerLink

/// One worker: its process, the rings, and what is under way in it. `send` and what goes with it on any thread, the rest on the reactor's.
final class WorkerProcess: @unchecked Sendable {
    // Sendable: `state` has its lock; the rest belongs to the reactor's thread or does not change.
    enum Event {
        case message(WorkerMessage)
        /// It is gone, or as good as gone: the last event. The text is for people: `SIGSEGV`.
        case ended(String)
    }

    let pid: pid_t
    let reactor: WorkerReactor
    private let memory: SharedMemory
    let socket: PacketSocket
    let bell: Doorbell
    private let pidfd: Int32
    private let output: Int32
    private var incoming: RingConsumer
    private var watched: [(UInt64, Int32)] = []
    private var reaper: UInt64 = 0
    private var events: ((Event) -> Void)?
    private var written: (String) -> Void
    private var partial: [UInt8] = []
    let state: Mutex<State>

    struct State: ~Copyable {
        var ring: RingProducer
        var waiting: [[UInt8]] = []
        var waitingBytes = 0
        var shown = ShownRegions()
        var isBroken = false
    }

    private static let ringBytes = RingSize.bytes
    /// Records that are read before others have their turn.
    private static let mostAtOnce = 256

    // MARK: The start. On the reactor's thread

    /// `program` is the path of `postern-worker`, `library` an open descriptor of the file, the caller's. `written` is given the lines that
    /// it prints.
    init(
        _ program: String, _ orders: WorkerOrders, library: Int32, on reactor: WorkerReactor, written: @escaping (String) -> Void,
        events: @escaping (Event) -> Void
    ) throws(LinkFailure) {
        // Those of the gateway, closed when it does not come to be; and those of the worker, closed here in any case.
        var ours: [Int32] = []
        var theirs: [Int32] = []
        var isMade = false
        defer {
            for descriptor in theirs + (isMade ? [] : ours) { close(descriptor) }
        }
        let memory = try SharedMemory(count: 2 * Self.ringBytes + CallBoard.bytes)
        guard let sockets = PacketSocket.pair() else { throw Self.failure("no socket pair") }
        ours.append(sockets.0.descriptor)
        theirs.append(sockets.1.descriptor)
        guard let bells = Doorbell.pair() else { throw Self.failure("no doorbell") }
        ours.append(bells.0.descriptor)
        theirs.append(bells.1.descriptor)
        var ends: [Int32] = [-1, -1]
        guard postern_pipe(&ends) == 0 else { throw Self.failure("no pipe") }
        ours.append(ends[0])
        theirs.append(ends[1])
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)

        var ring = RingProducer(memory, offset: 0, bytes: Self.ringBytes)
        let incoming = RingConsumer(memory, offset: Self.ringBytes, bytes: Self.ringBytes)
        // So that its first word rings.
        _ = incoming.fallAsleep()
        let record = GatewayMessage.begin(orders).record
        var first = record
        if record.count > ring.longest {
            let copy = try SharedMemory.copy(record)
            defer { close(copy) }
            guard sockets.0.send(0, copy) else { throw Self.failure("the orders cannot be sent") }
            first = GatewayMessage.recordBehindDescriptor(0, count: record.count).record
        }
        _ = first.withUnsafeBytes { ring.append($0) }
        let pid = try Self.spawn(
            program, output: ends[1],
            [sockets.1.descriptor, library, memory.descriptor, bells.1.descriptor])
        let pidfd = postern_pidfd(pid)
        guard pidfd >= 0 else {
            let failure = Self.failure("no pidfd")
            kill(pid, SIGKILL)
            while waitpid(pid, nil, 0) < 0, errno == EINTR {}
            throw failure
        }
        isMade = true
        self.reactor = reactor
        self.written = written
        self.events = events
        self.memory = memory
        self.incoming = incoming
        self.pid = pid
        self.pidfd = pidfd
        socket = sockets.0
        bell = bells.0
        output = ends[0]
        state = Mutex(State(ring: ring))
        watched = [
            (reactor.watch(bell.descriptor) { [unowned self] in rung() }, bell.descriptor),
            (reactor.watch(output) { [unowned self] in readOutput() }, output),
        ]
        // Kept by the reactor until it is reaped.
        reactor.live[pid] = self
        reaper = reactor.watch(pidfd) { [unowned self] in reap() }
    }

    /// An empty environment; the link's descriptors from 3 on.
    private static func spawn(_ path: String, output: Int32, _ link: [Int32]) throws(LinkFailure) -> pid_t {
        var descriptors: [Int32: Int32] = [1: output, 2: output]
        for (i, descriptor) in link.enumerated() { descriptors[3 + Int32(i)] = descriptor }
        let environment = ["LANG=C.UTF-8", "SWIFT_BACKTRACE=enable=no"]
        switch Spawn.start(path, [path], descriptors: descriptors, environment: environment, [.ownGroup, .closesOthers]) {
        case .success(let pid): return pid
        case .failure(let failure): throw LinkFailure("cannot start \(failure.text)")
        }
    }

    private static func failure(_ what: String) -> LinkFailure { LinkFailure("\(what): \(String(cString: strerror(errno)))") }

    /// Begins the reason of an end that is no fault of the worker's.
    static let ownFault = "the gateway"

    deinit {
        close(socket.descriptor)
        close(bell.descriptor)
        close(pidfd)
        close(output)
    }

    /// Runs of which a call is under way, or was when it died; as it says itself.
    var inCall: Set<UInt64> { CallBoard(memory).runs }

    // MARK: From the worker. On the reactor's thread

    private func rung() {
        guard bell.clear() else { return hungUp() }
        for _ in 0..<Self.mostAtOnce {
            guard events != nil else { return }
            switch incoming.next() {
            case .record(let record):
                do throws(WireFault) { events?(.message(try WorkerMessage(record: record))) } catch {
                    end("wrote a record that \(error)")
                }
            case .broken: end("damaged the ring")
            case .empty:
                flush()
                if incoming.takeWantsRoom() { bell.ring() }
                if incoming.fallAsleep() { return }
            }
        }
        // Others have their turn.
        reactor.execute { [weak self] in self?.rung() }
    }

    /// It is dying, which its pidfd tells better; or it has closed what it needs.
    private func hungUp() {
        if let place = watched.firstIndex(where: { $0.1 == bell.descriptor }) {
            reactor.forget(watched[place].0, bell.descriptor)
            watched.remove(at: place)
        }
        reactor.after(.milliseconds(500)) { [weak self] in self?.end("closed its end of the link") }
    }

    private func readOutput() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(output, &buffer, buffer.count)
        guard count > 0 else {
            if count == 0, let place = watched.firstIndex(where: { $0.1 == output }) {
                reactor.forget(watched[place].0, output)
                watched.remove(at: place)
            }
            return
        }
        partial += buffer[..<count]
        while let newline = partial.firstIndex(of: 10) {
            written(String(printable: partial[..<newline].prefix(1024)))
            partial.removeFirst(newline + 1)
        }
        if partial.count > 4096 {
            written(String(printable: partial.prefix(1024)))
            partial = []
        }
    }

    /// Ends it: SIGKILL, so that nothing of it runs on. Its `.ended` comes at once; the process is reaped when it is gone.
    func end(_ why: String) {
        guard events != nil else { return }
        kill(pid, SIGKILL)
        over(why)
    }

    private func reap() {
        var status: Int32 = 0
        let reaped = waitpid(pid, &status, WNOHANG)
        if reaped == 0 || reaped < 0 && errno == EINTR { return }
        over(ChildExit(waitStatus: status).description)
        reactor.forget(reaper, pidfd)
        reactor.live[pid] = nil
    }

    private func over(_ why: String) {
        guard let events else { return }
        readOutput()
        self.events = nil
        state.withLock { state in
            state.isBroken = true
            state.waiting = []
            state.shown.removeAll()
        }
        for (name, descriptor) in watched { reactor.forget(name, descriptor) }
        watched = []
        events(.ended(why))
    }
}

/// The bytes of one ring: its words, and twice what the longest record needs (an HTTP request with its body).
enum RingSize {
    static let bytes = (4 << 20) + 256
}
