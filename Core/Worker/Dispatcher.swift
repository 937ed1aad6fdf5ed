import Mail
import PluginLoader
import WorkerLink

/// Carries out what the gateway says. On the loop.
final class Dispatcher {
    private let loop: WorkerLoop
    private let outgoing: Outgoing
    private let home: WorkerHome
    private let module: PluginModule
    private let pool: ThreadPool?
    /// [config] functions may take long, so they have a thread of their own.
    private let configuration = ThreadPool(threads: 1)
    private var regions: Regions
    private var instances: [UInt32: ModuleInstance] = [:]

    init(loop: WorkerLoop, outgoing: Outgoing, home: WorkerHome, module: PluginModule, threads: Int, regions: Regions) {
        self.loop = loop
        self.outgoing = outgoing
        self.home = home
        self.module = module
        self.regions = regions
        pool = module.manifest.execution == .blocking ? ThreadPool(threads: threads) : nil
    }

    func handle(_ record: [UInt8]) {
        do throws(WireFault) { try handle(try GatewayMessage(record: record)) } catch {
            WorkerProcess.end(.brokenLink, "a record from the gateway \(error)")
        }
    }

    private func handle(_ message: GatewayMessage) throws(WireFault) {
        switch message {
        case .begin: throw WireFault("begins twice")
        case .makeInstance(let id, let settings): try makeInstance(id, settings)
        case .check(let id, let settings):
            let settings = try Self.settings(settings)
            configuration.execute { [outgoing, module] in outgoing.send(.problems(id, module.check(settings), isRefused: false)) }
        case .dropInstance(let id): instances[id] = nil
        case .region(let number, let bytes): regions.take(number, inline: bytes)
        case .regionBehindDescriptor(let number, let count): regions.takeDescriptor(number, count: count)
        case .dropRegion(let number): regions.drop(number)
        case .call(let number, let instance, let now, var facts):
            loop.set(now)
            let call = try facts.call {
                regions[$0]
            } content: { (number, regions) throws(WireFault) in
                try self.regions.content(number, of: regions)
            }
            try facts.end()
            try start(number, instance, call)
        case .resume(let number, let now, let answers):
            loop.set(now)
            guard let run = home.run(number) else { return }
            for (operation, answer) in answers { run.arrived(operation, answer) }
        case .cancel(let number):
            guard let run = home.run(number) else { return }
            run.warn()
            // A pool's thread may be in a call: the run's own place is next.
            if pool == nil { return run.cancel(.sessionEnded) }
            home.end(run)
            run.loop.execute { run.cancel(.sessionEnded) }
        case .ping(let number): outgoing.send(.pong(number))
        case .recordBehindDescriptor(let number, let count): handle(regions.record(number, count: count))
        }
    }

    private func makeInstance(_ id: UInt32, _ text: String) throws(WireFault) {
        let settings = try Self.settings(text)
        configuration.execute { [self] in
            let made = module.makeInstance(settings)
            loop.execute { [self] in
                switch made {
                case .success(let instance):
                    instances[id] = instance
                    outgoing.send(.problems(id, [], isRefused: false))
                case .failure(let refusal): outgoing.send(.problems(id, refusal.problems, isRefused: true))
                }
            }
        }
    }

    private func start(_ number: UInt64, _ instance: UInt32, _ call: FilterCall) throws(WireFault) {
        guard let instance = instances[instance] else { throw WireFault("calls an instance that is not there") }
        let place: any SerialLoop = pool.map { Strand(on: $0, clock: loop, for: CallOrigin(call).site) } ?? loop
        let run = PluginRun(instance, call, number: number, on: place) { [home] in home.receive($0, of: number) }
        home.add(run)
        guard pool != nil else { return run.start() }
        // Not if it was cancelled while it waited for a thread.
        place.execute { [home] in if home.run(number) != nil { run.start() } }
    }

    private static func settings(_ text: String) throws(WireFault) -> JSONValue {
        guard let value = ManifestReader.json(text) else { throw WireFault("settings that are no JSON") }
        return value
    }
}

// Bound to the loop; closures of the configuration thread only hand it on.
extension Dispatcher: @unchecked Sendable {}
