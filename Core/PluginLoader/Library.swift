import CPostern
import Glibc
import Mail

/// A library that has been mapped and whose entry was accepted. Never unmapped: Swift, Go and C++ libraries cannot be.
public final class Library: @unchecked Sendable {
    // Sendable: the tables are the library's and are never written.
    public let entry: UnsafePointer<postern_entry>
    public let plugin: UnsafePointer<postern_plugin>

    /// Maps `path`, a copy that nobody changes any more, and asks for its entry. `name` is how the operator knows the file.
    public init(copy path: String, name: String, manifest: FilterManifest) throws(LoadFailure) {
        func refuse(_ text: String) -> LoadFailure { LoadFailure(name, text) }
        if let fault = Self.elfFault(path) { throw refuse(fault) }
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let why = dlerror().map { String(cString: $0) } ?? "unknown error"
            throw refuse("cannot be loaded: \(why.replacing(path, by: name))")
        }
        guard let symbol = dlsym(handle, "postern_plugin_entry") else {
            throw refuse("is no Postern plugin: it exports no postern_plugin_entry")
        }
        typealias Entry = @convention(c) (UInt32) -> UnsafePointer<postern_entry>?
        guard let entry = unsafeBitCast(symbol, to: Entry.self)(POSTERN_ABI_MAJOR) else {
            throw refuse(
                "does not speak major \(POSTERN_ABI_MAJOR) of the plugin ABI, which this Postern speaks; build it with this release's SDK")
        }
        let e = entry.pointee
        guard e.abi_major == POSTERN_ABI_MAJOR else {
            throw refuse(
                "speaks major \(e.abi_major) of the plugin ABI, this Postern speaks \(POSTERN_ABI_MAJOR); build it with this release's SDK")
        }
        // A draft's minors are different layouts; from major 1 on any minor loads.
        guard POSTERN_ABI_MAJOR > 0 || e.abi_minor == POSTERN_ABI_MINOR else {
            throw refuse(
                "speaks draft 0.\(e.abi_minor) of the plugin ABI, this Postern speaks 0.\(POSTERN_ABI_MINOR); build it with this release's SDK"
            )
        }
        guard Int(e.size) >= MemoryLayout<postern_entry>.offset(of: \.load)!, let id = e.id, let version = e.version, let plugin = e.plugin
        else { throw refuse("its entry is incomplete") }
        guard String(cString: id) == manifest.id else {
            throw refuse("calls itself '\(String(cString: id))', its manifest '\(manifest.id)'")
        }
        guard String(cString: version) == manifest.version else {
            throw refuse("has version \(String(cString: version)), its manifest \(manifest.version)")
        }
        let table = plugin.pointee
        guard Int(table.size) >= MemoryLayout<postern_plugin>.offset(of: \.check_config)!, table.create_instance != nil,
            table.on_phase != nil
        else { throw refuse("its function table lacks create_instance or on_phase") }
        self.entry = entry
        self.plugin = plugin
    }

    /// True where the library's entry reaches to the field's end: POSTERN_HAS.
    public func has<T>(_ field: KeyPath<postern_entry, T>) -> Bool {
        MemoryLayout<postern_entry>.offset(of: field)! + MemoryLayout<T>.size <= Int(entry.pointee.size)
    }

    public func has<T>(_ field: KeyPath<postern_plugin, T>) -> Bool {
        MemoryLayout<postern_plugin>.offset(of: field)! + MemoryLayout<T>.size <= Int(plugin.pointee.size)
    }

    /// Says in plain words what dlopen would say in riddles.
    private static func elfFault(_ path: String) -> String? {
        guard let file = fopen(path, "rb") else { return "cannot be read" }
        defer { fclose(file) }
        var head = [UInt8](repeating: 0, count: 20)
        guard fread(&head, 1, 20, file) == 20, head[0..<4] == [0x7F, 0x45, 0x4C, 0x46] else { return "is no shared library (not ELF)" }
        let machine = UInt16(head[18]) | UInt16(head[19]) << 8
        #if arch(x86_64)
            let ours: UInt16 = 62
        #elseif arch(arm64)
            let ours: UInt16 = 183
        #else
            let ours = machine
        #endif
        if head[4] != 2 || machine != ours { return "is built for another machine" }
        guard head[16] == 3 else { return "is no shared library (ELF type \(head[16]))" }
        return isWhole(file)
            ? nil : "is not whole: the file is shorter than its own headers say; copy it again (best under another name, then rename)"
    }

    /// A file that was cut off maps well, and then touching what is missing ends the process: so every segment must lie within it.
    private static func isWhole(_ file: UnsafeMutablePointer<FILE>) -> Bool {
        var status = stat()
        var header = Elf64_Ehdr()
        guard fstat(fileno(file), &status) == 0, fseek(file, 0, SEEK_SET) == 0,
            fread(&header, MemoryLayout<Elf64_Ehdr>.size, 1, file) == 1, Int(header.e_phentsize) == MemoryLayout<Elf64_Phdr>.size,
            header.e_phoff <= UInt64(Int.max), fseek(file, Int(header.e_phoff), SEEK_SET) == 0
        else { return false }
        for _ in 0..<header.e_phnum {
            var segment = Elf64_Phdr()
            guard fread(&segment, MemoryLayout<Elf64_Phdr>.size, 1, file) == 1 else { return false }
            let (end, overflow) = segment.p_offset.addingReportingOverflow(segment.p_filesz)
            if overflow || end > UInt64(status.st_size) { return false }
        }
        return true
    }
}

extension String {
    fileprivate func replacing(_ part: String, by other: String) -> String {
        guard hasPrefix(part) else { return self }
        return other + dropFirst(part.count)
    }
}
