import Glibc
import Logging
import Mail
import PluginLoader
import WorkerLink

/// Starting workers and ending them. On the reactor's thread.
extension WorkerGeneration {
    func startServing() {
        let (mustStart, isAwaited) = state.withLock { state in
            let mustStart = !state.isStarting && (state.serving == nil || Self.lacksFiles(state))
            if mustStart { state.isStarting = true }
            return (mustStart, !state.waiting.isEmpty)
        }
        // Runs do not wait for long, whatever became of the last ones.
        let pause = isAwaited ? min(pause, .seconds(1)) : pause
        let due = MonotonicClock.nanoseconds + UInt64(pause.microseconds) * 1000
        guard mustStart || pausedUntil.map({ due < $0 }) == true else { return }
        pausedUntil = due
        reactor.after(pause) { [weak self] in
            guard let self, pausedUntil == due else { return }
            pausedUntil = nil
            startServingNow()
        }
    }

    private func startServingNow() {
        if let places { places.enter(self) } else { startServing(in: nil) }
    }

    /// There is room for its worker. False: nobody waits for it any more.
    func begin(in place: WorkerPlaces.Place) -> Bool {
        let isNeeded = state.withLock { state in
            state.isStarting = !state.waiting.isEmpty || !state.answers.isEmpty
            return state.isStarting
        }
        if isNeeded { startServing(in: place) }
        return isNeeded
    }

    private func startServing(in place: WorkerPlaces.Place?) {
        start(only: nil, in: place) { [weak self] process, made in
            self?.serve(process, made)
        } ended: { [weak self] why, start in
            self?.servingEnded(why, start)
        }
    }

    /// `only`: the one instance that it needs; nil: all.
    func start(
        only instance: UInt32?, in place: WorkerPlaces.Place? = nil, ready: @escaping (WorkerProcess, Set<UInt32>) -> Void,
        ended: @escaping (String, WorkerStart) -> Void
    ) {
        let start = WorkerStart(isForOne: instance != nil, ready: ready, ended: ended)
        start.place = place
        do throws(LinkFailure) {
            var orders = orders
            let granted = state.withLock { Self.wanted($0) }
            orders.readable = granted.sorted()
            if geteuid() == 0 {
                orders.user = try reactor.users.take(limits.users)
                orders.group = limits.users.group ?? orders.user
                start.user = orders.user
            }
            if manifest.needsTemporary { orders.temporary = try TemporaryFolders.make() }
            start.granted = granted
            start.temporary = orders.temporary
            let process = try WorkerProcess(program, orders, library: library, on: reactor) { [weak self] line in
                guard let self, printed.take(onExcess: { self.exceeded("prints") }) else { return }
                logger.warning("printed: \(line)")
            } events: { [weak self, users = reactor.users] event in
                switch event {
                case .message(let message): self?.receive(message, start, only: instance)
                case .ended(let why):
                    Self.cleanUp(start, users)
                    ended(why, start)
                    start.process = nil
                    start.ready = nil
                }
            }
            start.process = process
            if let folder = orders.temporary { watch(folder, of: process) }
            if instance == nil { state.withLock { $0.starting = process } }
        } catch {
            start.failure = "\(error)"
            Self.cleanUp(start, reactor.users)
            // Not from within: whoever started it may have more to start.
            reactor.after(.zero) { ended("could not be started", start) }
            return
        }
        reactor.after(limits.start) { [weak start, limits] in
            guard let start, !start.isReady else { return }
            start.failure = start.failure ?? "did not load the plugin within \(limits.start.inTenths)"
            start.process?.end("took too long to start")
        }
    }

    func readyIfComplete(_ start: WorkerStart) {
        guard start.hasSaidReady, start.missing.isEmpty, let ready = start.ready, let process = start.process else { return }
        if start.isForOne, !start.refused.isEmpty {
            start.failure = "it refuses its settings now"
            return process.end("could not start")
        }
        start.ready = nil
        let refused = start.refused
        state.withLock { state in
            state.cage = start.cage
            state.granted = start.granted
            state.refused.formUnion(refused)
        }
        ready(process, start.made)
        if let place = start.place { endWhenIdle(start, place) }
    }

    private func endWhenIdle(_ start: WorkerStart, _ place: WorkerPlaces.Place) {
        let left = limits.idle - place.idle
        reactor.after(left > .zero ? left : limits.idle) { [weak self, weak start] in
            guard let self, let start, start.process != nil else { return }
            if place.idle < limits.idle || !endServingIfUnused() { endWhenIdle(start, place) }
        }
    }

    /// False: it is busy, or there is none.
    func endServingIfUnused() -> Bool {
        let process = state.withLock { state -> WorkerProcess? in
            guard let process = state.serving, state.answers.isEmpty, !state.runs.values.contains(where: { $0.process === process }) else {
                return nil
            }
            // From now on whoever comes waits for the next.
            state.serving = nil
            return process
        }
        process?.end(Self.notNeeded)
        return process != nil
    }

    /// The worker takes no new runs, and ends with its last. False: none serves.
    func retireServing() -> Bool {
        let process = state.withLock { state -> WorkerProcess? in
            guard let process = state.serving else { return nil }
            state.retiring.append(process)
            state.serving = nil
            return process
        }
        if let process { endIfRetired(process) }
        return process != nil
    }

    /// Asks again and again whether it is there. A nonblocking plugin that does not return holds all of its runs up.
    func beat(_ start: WorkerStart) {
        reactor.after(limits.heartbeat) { [weak self, weak start] in
            guard let self, let start, let process = start.process else { return }
            if start.lastPong < start.lastPing { return process.end("did not answer for \(limits.heartbeat.inTenths)") }
            start.lastPing += 1
            process.send(GatewayMessage.ping(start.lastPing).record)
            beat(start)
        }
    }

    private func serve(_ process: WorkerProcess, _ made: Set<UInt32>) {
        let (waiting, refused, retired) = state.withLock { state in
            // It took over from one that lacked files.
            let retired = state.serving
            if let retired { state.retiring.append(retired) }
            state.serving = process
            state.starting = nil
            state.isStarting = false
            let refused = state.waiting.filter { state.refused.contains($0.instance) }
            let waiting = state.waiting.filter { !state.refused.contains($0.instance) }
            for run in waiting { state.runs[run.number] = Entry(run: run, process: process) }
            state.waiting = []
            return (waiting, refused, retired)
        }
        endedStarts = 0
        for run in refused { run.finish(run.verdict(.error, Self.refusesSettings)) }
        for run in waiting { enter(run, process, after: run.departures) }
        if let retired { endIfRetired(retired) }
        // What came after it was told what to make; of questions, those that nobody has been given and somebody still waits for.
        let (settings, awaited) = state.withLock { ($0.settings.filter { !made.contains($0.key) }, Set($0.answers.keys)) }
        make(settings, in: process, isAsked: true)
        for (id, question) in questions where question.asked.isEmpty && awaited.contains(id) { put(id, to: process) }
        endIfIdle()
    }

    /// `isAsked`: its answer counts for whoever asks about these settings.
    func make(_ settings: [UInt32: Settings], in process: WorkerProcess, isAsked: Bool) {
        for (id, settings) in settings {
            if isAsked { questions[id]?.asked.append(process) }
            process.send(GatewayMessage.makeInstance(id, settings: settings.text).record)
        }
    }

    /// What is not there is its instance's trouble, and no other's.
    private static func wanted(_ state: borrowing State) -> Set<String> {
        Set(state.settings.values.flatMap(\.paths)).union(state.checked.values.flatMap { $0 }).filter { access($0, F_OK) == 0 }
    }

    /// A worker's files are granted at its start: one that lacks some serves until another has taken its place, and ends with its last run.
    static func lacksFiles(_ state: borrowing State) -> Bool { !wanted(state).isSubset(of: state.granted) }

    func endIfRetired(_ process: WorkerProcess) {
        let isOver = state.withLock { state in
            state.retiring.contains { $0 === process } && !state.runs.values.contains { $0.process === process }
        }
        if isOver { process.end(Self.notNeeded) }
    }

    private static func cleanUp(_ start: WorkerStart, _ users: UserPool) {
        TemporaryFolders.remove(start.temporary)
        users.release(start.user)
        start.place?.leave()
    }

    static let refusesSettings = "the plugin refuses its settings since its worker was started again"
    static let didNotReturn = "was ended: a call did not return"
    static let notNeeded = "is not needed any more"

    func endIfIdle() {
        let process = state.withLock { $0.settings.isEmpty && $0.runs.isEmpty && $0.answers.isEmpty ? $0.serving : nil }
        process?.end(Self.notNeeded)
    }
}
