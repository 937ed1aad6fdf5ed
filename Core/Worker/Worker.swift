import Glibc
import Mail
import PluginLoader
import Processes
import Sandbox
import WorkerLink

/// From the orders to the loop.
enum Worker {
    static func run() -> Never {
        // Two rings of equal size in the shared memory, to us and from us, then the board.
        let size = lseek(WorkerProcess.memory, 0, SEEK_END)
        guard size > 0, let memory = try? SharedMemory(descriptor: WorkerProcess.memory, count: Int(size)) else {
            WorkerProcess.end(.badStart, "no shared memory")
        }
        let half = (memory.count - CallBoard.bytes) / 2
        let bell = Doorbell(descriptor: WorkerProcess.bell)
        let socket = PacketSocket(descriptor: WorkerProcess.socket)
        let outgoing = Outgoing(
            RingProducer(memory, offset: half, bytes: half), bell: bell)
        var incoming = RingConsumer(memory, offset: 0, bytes: half)
        let regions = Regions(socket)
        let orders = takeOrders(&incoming, regions)
        let home = WorkerHome(outgoing, CallBoard(memory))
        // Inside the sandbox no more descriptors are made, and those that it is not told of are closed.
        let loop = WorkerLoop(bell: bell, socket: socket, outgoing: outgoing)
        let module = load(orders, home, outgoing, keeping: loop.ownDescriptors)
        let dispatcher = Dispatcher(
            loop: loop, outgoing: outgoing, home: home, module: module, threads: orders.threads, regions: regions)
        loop.run(incoming) { dispatcher.handle($0) }
    }

    /// They were written before this process was started.
    private static func takeOrders(_ incoming: inout RingConsumer, _ regions: Regions) -> WorkerOrders {
        guard case .record(let record) = incoming.next(), var message = try? GatewayMessage(record: record) else {
            WorkerProcess.end(.badStart, "no orders")
        }
        if case .recordBehindDescriptor(let number, let count) = message {
            guard let long = try? GatewayMessage(record: regions.record(number, count: count)) else {
                WorkerProcess.end(.badStart, "no orders")
            }
            message = long
        }
        guard case .begin(let orders) = message else { WorkerProcess.end(.badStart, "no orders") }
        return orders
    }

    private static func load(
        _ orders: WorkerOrders, _ home: WorkerHome, _ outgoing: Outgoing, keeping own: [Int32]
    ) -> PluginModule {
        do {
            let manifest = try ManifestReader.parse(orders.manifest, path: orders.manifestName)
            var grants = Grants(memory: orders.memory, openFiles: orders.openFiles)
            grants.readable = orders.readable
            grants.readableDescriptors = [WorkerProcess.library]
            grants.descriptors = [WorkerProcess.socket, WorkerProcess.memory, WorkerProcess.bell] + own
            grants.temporary = orders.temporary
            grants.temporaryBytes = orders.temporaryBytes
            grants.endsWithParent = true
            if let user = orders.user, let group = orders.group { grants.user = .init(uid: user, gid: group) }
            let report = try Sandbox.enter(grants)
            // From here on the plugin's own code may run: its constructors, when it is loaded.
            let module = try PluginModule(
                copy: "/proc/self/fd/\(WorkerProcess.library)", name: orders.libraryName, manifest: manifest, home: home)
            outgoing.send(.ready(cage: report.layers))
            return module
        } catch let failure as LoadFailure {
            refuse(failure.path == orders.libraryName ? failure.text : failure.description, outgoing)
        } catch { refuse("\(error)", outgoing) }
    }

    /// The gateway reads why, and ends us.
    private static func refuse(_ why: String, _ outgoing: Outgoing) -> Never {
        outgoing.send(.failed(why))
        sleep(10)
        WorkerProcess.end(.badStart, why)
    }
}
