import CClamAV
import PosternKit

/// The signatures' folders, made into an engine.
struct Database: FileSource {
    let settings: EngineSettings

    var description: String { "the database in " + settings.folders.joined(separator: " and ") }

    func stamps() -> [FileStamp] { settings.folders.flatMap(FileStamp.files) }

    func summary(of engine: Engine) -> String { "\(engine.signatures) signatures, about \(engine.bytes >> 20) MiB" }

    func order(replacing old: Engine) -> ReloadOrder {
        if settings.reload == .hold { return .hold(reason: "reload: hold") }
        let new = max(old.bytes, Self.estimate(stamps()))
        let needed = (ProcessMemory.resident ?? old.bytes) + new
        if settings.memory > 0, needed > settings.memory {
            return .hold(reason: "two at once would take about \(needed >> 20) MiB, memory allows \(settings.memory >> 20) MiB")
        }
        // An eighth is left for scans: who runs into the limit ends.
        let counted = (ProcessMemory.data ?? old.bytes) + new
        if let limit = ProcessMemory.limit, counted > limit / 8 * 7 {
            return .hold(reason: "two at once would take about \(counted >> 20) MiB, and this process may have \(limit >> 20) MiB")
        }
        return .beside
    }

    func load(isFirst: Bool) throws -> Engine {
        try LibClamAV.loading { (messages: () -> String) throws(FilterError) in
            let before = ProcessMemory.resident
            guard let engine = cl_engine_new() else { throw FilterError("libclamav cannot make an engine") }
            do throws(FilterError) {
                try configure(engine)
                let signatures = try load(into: engine, messages)
                Engine.setCallbacks(engine)
                try check(cl_engine_compile(engine), "\(description) cannot be compiled", messages)
                let grown = before.flatMap { before in ProcessMemory.resident.map { $0 - before } } ?? 0
                return Engine(
                    engine, options: Self.scanOptions(settings.options), signatures: signatures, bytes: max(grown, Self.estimate(stamps())))
            } catch {
                cl_engine_free(engine)
                throw error
            }
        }
    }

    private func load(into engine: OpaquePointer, _ messages: () -> String) throws(FilterError) -> Int {
        var signatures: UInt32 = 0
        for (index, folder) in settings.folders.enumerated() {
            let files = FileStamp.names(in: folder)
            guard let files else { throw FilterError("\(folder) is no folder that can be read") }
            // A folder of one's own may be empty for now; the database may not.
            if index > 0, files.isEmpty { continue }
            try check(cl_load(folder, engine, &signatures, Self.databaseOptions(settings.options)), "\(folder) cannot be loaded", messages)
        }
        guard signatures > 0 else { throw FilterError("\(description) holds no signature") }
        return Int(signatures)
    }

    private func configure(_ engine: OpaquePointer) throws(FilterError) {
        let limits = settings.limits
        let milliseconds = limits.time.components.seconds * 1000 + limits.time.components.attoseconds / 1_000_000_000_000_000
        let numbers: [(cl_engine_field, Int64)] = [
            (CL_ENGINE_MAX_SCANSIZE, Int64(limits.scanBytes)), (CL_ENGINE_MAX_FILESIZE, Int64(limits.fileBytes)),
            (CL_ENGINE_MAX_FILES, Int64(limits.files)), (CL_ENGINE_MAX_RECURSION, Int64(limits.depth)),
            (CL_ENGINE_MAX_SCANTIME, milliseconds),
            // It knows what was clean by its MD5: a file made to collide with a harmless one, sent after it, would never be looked at.
            (CL_ENGINE_DISABLE_CACHE, 1),
            // No code is made at run time: a sandbox forbids it.
            (CL_ENGINE_BYTECODE_MODE, Int64(CL_BYTECODE_MODE_INTERPRETER.rawValue)),
            (CL_ENGINE_BYTECODE_SECURITY, Int64(CL_BYTECODE_TRUST_SIGNED.rawValue)),
        ]
        for (field, value) in numbers {
            try check(cl_engine_set_num(engine, field, value), "libclamav refuses the limit \(value)") { "" }
        }
    }

    private func check(_ code: cl_error_t, _ what: String, _ messages: () -> String) throws(FilterError) {
        if code == CL_SUCCESS { return }
        let more = messages()
        throw FilterError("\(what): \(LibClamAV.text(code))" + (more.isEmpty ? "" : " (\(more))"))
    }

    /// What a database takes in memory: the official one, compressed, took about seven times its files.
    private static func estimate(_ stamps: [FileStamp]) -> Int { 7 * stamps.reduce(0) { $0 + $1.bytes } }

    private static func databaseOptions(_ options: EngineSettings.Options) -> UInt32 {
        var flags: Int32 = 0
        if options.phishing { flags |= CL_DB_PHISHING | CL_DB_PHISHING_URLS }
        if options.bytecode { flags |= CL_DB_BYTECODE }
        if options.unwanted { flags |= CL_DB_PUA }
        return UInt32(flags)
    }

    /// That a limit was reached is always told, and all signatures that match are.
    private static func scanOptions(_ options: EngineSettings.Options) -> cl_scan_options {
        var general = CL_SCAN_GENERAL_ALLMATCHES
        var heuristic = CL_SCAN_HEURISTIC_EXCEEDS_MAX
        if options.heuristics { general |= CL_SCAN_GENERAL_HEURISTICS }
        if options.encrypted { heuristic |= CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE | CL_SCAN_HEURISTIC_ENCRYPTED_DOC }
        if options.macros { heuristic |= CL_SCAN_HEURISTIC_MACROS }
        if options.broken { heuristic |= CL_SCAN_HEURISTIC_BROKEN | CL_SCAN_HEURISTIC_BROKEN_MEDIA | CL_SCAN_HEURISTIC_PARTITION_INTXN }
        if options.phishing, options.heuristics {
            heuristic |= CL_SCAN_HEURISTIC_PHISHING_CLOAK | CL_SCAN_HEURISTIC_PHISHING_SSL_MISMATCH
        }
        return cl_scan_options(general: UInt32(general), parse: .max, heuristic: UInt32(heuristic), mail: 0, dev: 0)
    }
}
