import Dispatch
import Glibc
import Mail
import PluginLoader
import Synchronization
import WorkerLink

/// Settings: given to the worker that serves, which says whether the plugin takes them. The ABI's [config]: on threads that may wait.
extension WorkerGeneration {
    /// Whether settings are taken, or what is wrong with them.
    struct Question {
        var record: [UInt8]
        /// Who was given it: the one that served, and those that have begun since.
        var asked: [WorkerProcess] = []
    }

    func makeInstance(_ settings: JSONValue, digest: String) -> Result<any FilterInstance, SettingsRefusal> {
        let id = state.withLock { state in
            state.lastInstance += 1
            state.settings[state.lastInstance] = Settings(text: settings.canonical, paths: paths(settings))
            return state.lastInstance
        }
        let instance = WorkerInstance(generation: self, id: id, settings: settings, digest: digest)
        // What another domain's worker has accepted is made with this one's first message.
        let accepted = WorkerPlaces.Accepted(library: self.digest, limits: limits, settings: settings)
        if places?.hasAccepted(accepted) == true { return .success(instance) }
        switch ask(id, GatewayMessage.makeInstance(id, settings: settings.canonical).record) {
        case .success:
            places?.accept(accepted)
            return .success(instance)
        case .failure(let refusal): return .failure(refusal)
        }
    }

    private func paths(_ settings: JSONValue) -> [String] {
        manifest.paths(in: settings) { path in
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
    }

    func check(_ settings: JSONValue) -> [SettingsProblem] {
        let id = state.withLock { state in
            state.lastInstance += 1
            state.checked[state.lastInstance] = paths(settings)
            return state.lastInstance
        }
        defer {
            state.withLock { $0.checked[id] = nil }
            drop(id)
        }
        switch ask(id, GatewayMessage.check(id, settings: settings.canonical).record) {
        case .success(let problems): return problems
        case .failure(let refusal): return refusal.problems
        }
    }

    /// The last run of it is over.
    func drop(_ id: UInt32) {
        let (process, isIdle) = state.withLock { state in
            state.settings[id] = nil
            return (state.serving, state.settings.isEmpty && state.runs.isEmpty)
        }
        process?.send(GatewayMessage.dropInstance(id).record)
        if isIdle { reactor.execute { [weak self] in self?.endIfIdle() } }
    }

    private func ask(_ id: UInt32, _ record: [UInt8]) -> Result<[SettingsProblem], SettingsRefusal> {
        let answered = DispatchSemaphore(value: 0)
        let answer = Mutex<Result<[SettingsProblem], SettingsRefusal>?>(nil)
        state.withLock { state in
            state.answers[id] = { result in
                answer.withLock { $0 = result }
                answered.signal()
            }
        }
        reactor.execute { [self] in
            guard state.withLock({ $0.answers[id] != nil }) else { return }
            questions[id] = Question(record: record)
            // A domain has one worker at a time.
            if places != nil, state.withLock({ Self.lacksFiles($0) }) { _ = retireServing() }
            if let process = state.withLock({ Self.lacksFiles($0) ? nil : $0.serving }) {
                put(id, to: process)
            } else {
                startServing()
            }
        }
        let isTimedOut = answered.wait(timeout: DispatchTime.now() + .microseconds(Int(limits.start.microseconds))) == .timedOut
        let isLate = state.withLock { state in
            guard isTimedOut, state.answers.removeValue(forKey: id) != nil else { return false }
            state.settings[id] = nil
            return true
        }
        reactor.execute { [self] in
            let asked = questions.removeValue(forKey: id)?.asked ?? []
            guard isLate else { return }
            // Their thread for settings does not come back: whoever asks next would wait for it too.
            for process in asked { process.end("did not answer for \(limits.start.inTenths) whether it takes settings") }
        }
        return answer.withLock { $0 }
            ?? .failure(SettingsRefusal(unasked: "its worker did not answer within \(limits.start.inTenths) whether it takes the settings"))
    }

    /// On the reactor's thread.
    func put(_ id: UInt32, to process: WorkerProcess) {
        guard let record = questions[id]?.record else { return }
        questions[id]?.asked.append(process)
        process.send(record)
    }
}
