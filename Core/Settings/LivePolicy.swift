import Mail
import Synchronization

/// The configuration in force, and its exchange while mail flows. Whoever asks for `current` gets one whole snapshot, never a mixture; a bad
/// configuration leaves the running one in force.
public final class LivePolicy: PolicySource {
    /// A reload that was taken.
    public struct Taken: Sendable {
        public var settings: GatewaySettings
        /// What the files say doubtfully, and what needs a restart to take effect.
        public var warnings: [SettingsProblem]
    }

    private let loader: SettingsLoader
    private let folder: String
    private let willTake: @Sendable (GatewaySettings) throws -> Void
    private let started: GatewaySettings
    private let inForce: Mutex<GatewaySettings>
    /// One reload at a time, so that generations follow one another.
    private let reloading = Mutex<Void>(())
    private let watch = Mutex<FolderWatch?>(nil)

    /// `initial`: loaded from `folder` before, with what the gateway was started. `willTake` is called with new settings before they are in
    /// force, to prepare what they need; what it throws refuses them. It runs on the thread of `reload`.
    public init(
        initial: GatewaySettings, folder: String, loader: SettingsLoader,
        willTake: @escaping @Sendable (GatewaySettings) throws -> Void = { _ in }
    ) {
        self.loader = loader
        self.folder = folder
        self.willTake = willTake
        started = initial
        inForce = Mutex(initial)
    }

    public var current: PolicySnapshot { inForce.withLock { $0.policy } }

    /// The newest settings taken. Of what needs a restart, those of the start are still at work.
    public var settings: GatewaySettings { inForce.withLock { $0 } }

    /// Reads the files as they are now and takes them if they are good. Any thread but an event loop.
    public func reload() -> Result<Taken, SettingsErrors> {
        reloading.withLock { _ in
            switch loader.load(folder: folder, generation: current.generation + 1) {
            case .failure(let errors): return .failure(errors)
            case .success(let settings):
                do {
                    try willTake(settings)
                } catch {
                    let place = SettingsPlace(file: folder + "/postern.yaml")
                    return .failure(
                        SettingsErrors([
                            SettingsProblem(at: place, "the gateway cannot take it: \(error)", mend: "the old configuration stays")
                        ]))
                }
                inForce.withLock { $0 = settings }
                watch.withLock { $0?.follow(settings.files) }
                return .success(Taken(settings: settings, warnings: settings.warnings + restartWarnings(settings)))
            }
        }
    }

    /// From now on a changed file is taken by itself, half a second after the last change. `onReload` is called on the watch's own thread.
    public func watchFiles(onReload: @escaping @Sendable (Result<Taken, SettingsErrors>) -> Void) throws(FolderWatch.Failure) {
        let fresh = try FolderWatch(folder: folder, files: settings.files) { [weak self] in
            if let self { onReload(self.reload()) }
        }
        let old = watch.withLock { watch in
            defer { watch = fresh }
            return watch
        }
        old?.stop()
    }

    public func stopWatching() {
        let old = watch.withLock { watch in
            defer { watch = nil }
            return watch
        }
        old?.stop()
    }

    deinit { watch.withLock { $0 }?.stop() }

    private func restartWarnings(_ settings: GatewaySettings) -> [SettingsProblem] {
        settings.needsRestart(since: started).map {
            SettingsProblem(
                .warning, at: SettingsPlace(file: folder + "/postern.yaml"), "`\($0)` changed, and the gateway goes on with the old one",
                mend: "restart the gateway for it")
        }
    }
}
