/// The watch over a worker's temporary files. On the reactor's thread.
extension WorkerGeneration {
    /// A worker that has more in its temporary folder than it may is ended: the next one has a new folder, and only what was under way in
    /// this one when it was full is tried again alone.
    func watch(_ folder: String, of process: WorkerProcess) {
        reactor.after(TemporaryFolders.interval) { [weak self, weak process] in
            guard let self, let process, reactor.live[process.pid] === process else { return }
            TemporaryFolders.look(folder, pid: process.pid, limits) { [weak self, weak process, reactor] excess in
                reactor.execute { [weak self, weak process] in
                    guard let self, let process else { return }
                    if let excess { process.end("had \(excess)") } else { self.watch(folder, of: process) }
                }
            }
        }
    }
}
