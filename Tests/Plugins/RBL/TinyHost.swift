import CPostern
import Foundation
import Glibc

let POSTERN_DETACH_BEFORE_RCPT = POSTERN_DETACH | POSTERN_PHASE_RCPT << 8

/// A host of one run: the ABI's tables, and a record of what came through them. One at a time, on one thread.
final class TinyHost {
    struct Refused: Error, Equatable { var text: String }

    static let timerID: UInt64 = 1 << 32
    private static let library =
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path + "/librbl.so"
    static var isBuilt: Bool { FileManager.default.fileExists(atPath: library) }
    /// Whom C's callbacks mean.
    nonisolated(unsafe) private static var current: TinyHost!

    private(set) var batches: [Int] = []
    private(set) var names: [String] = []
    private(set) var givenUp: [UInt64] = []
    private(set) var symbols: [(name: String, factor: Double, detail: String)] = []
    private var problems: [String] = []
    private let plugin: UnsafePointer<postern_plugin>
    private var instance: OpaquePointer?
    private var frame: UnsafeMutableRawPointer?
    private let call = UnsafeMutablePointer<postern_call>.allocate(capacity: 1)
    private let session = UnsafeMutablePointer<postern_session>.allocate(capacity: 1)
    private let host = UnsafeMutablePointer<postern_host>.allocate(capacity: 1)
    private let dns = UnsafeMutablePointer<postern_dns>.allocate(capacity: 1)
    private let timer = UnsafeMutablePointer<postern_timer>.allocate(capacity: 1)
    private let builder = UnsafeMutablePointer<postern_verdict_builder>.allocate(capacity: 1)

    init(settings: String, client: [UInt8]) throws {
        typealias Entry = @convention(c) (UInt32) -> UnsafePointer<postern_entry>?
        guard let handle = dlopen(Self.library, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(handle, "postern_plugin_entry"),
            let entry = unsafeBitCast(symbol, to: Entry.self)(POSTERN_ABI_MAJOR)
        else { throw Refused(text: String(cString: dlerror())) }
        plugin = entry.pointee.plugin
        session.initialize(to: postern_session())
        withUnsafeMutableBytes(of: &session.pointee.client) { $0.copyBytes(from: client) }
        session.pointee.client_family = client.count == 4 ? 4 : 6
        call.initialize(to: postern_call())
        host.initialize(to: postern_host())
        dns.initialize(to: postern_dns())
        timer.initialize(to: postern_timer())
        builder.initialize(to: postern_verdict_builder())
        Self.current = self
        fillTables()
        var table = postern_problems(size: UInt32(MemoryLayout<postern_problems>.size), reserved: 0, context: nil) { _, pointer, text in
            TinyHost.current.problems.append("\(TinyHost.text(pointer)): \(TinyHost.text(text))")
        }
        var module: OpaquePointer?
        let bytes = Array(settings.utf8)
        let status = bytes.withUnsafeBufferPointer { bytes in
            entry.pointee.load(entry, host, &table, &module) == POSTERN_OK
                ? plugin.pointee.create_instance(
                    module, postern_bytes(data: bytes.baseAddress, length: UInt64(bytes.count)), &table, &instance) : POSTERN_FAILED
        }
        guard status == POSTERN_OK else { throw Refused(text: problems.joined(separator: "; ")) }
    }

    private static func text(_ bytes: postern_bytes) -> String {
        String(decoding: UnsafeBufferPointer(start: bytes.data, count: Int(bytes.length)), as: UTF8.self)
    }

    private func fillTables() {
        host.pointee.size = UInt32(MemoryLayout<postern_host>.size)
        host.pointee.abi_major = POSTERN_ABI_MAJOR
        host.pointee.extension = { _, id in
            switch String(cString: id!) {
            case POSTERN_EXT_DNS: UnsafeRawPointer(TinyHost.current.dns)
            case POSTERN_EXT_TIMER: UnsafeRawPointer(TinyHost.current.timer)
            default: nil
            }
        }
        host.pointee.cancel_operation = { _, id in
            TinyHost.current.givenUp.append(id)
            return POSTERN_OK
        }
        dns.pointee.resolve = { _, questions, count, _, operations in
            TinyHost.current.batches.append(Int(count))
            for i in 0..<Int(count) {
                TinyHost.current.names.append(TinyHost.text(questions![i].name))
                operations![i] = UInt64(TinyHost.current.names.count)
            }
            return POSTERN_OK
        }
        timer.pointee.start = { _, _, operation in
            operation!.pointee = TinyHost.timerID
            return POSTERN_OK
        }
        builder.pointee.add_symbol = { _, name, factor, detail, _, _ in
            TinyHost.current.symbols.append((TinyHost.text(name), factor, TinyHost.text(detail)))
            return POSTERN_OK
        }
        call.pointee.size = UInt32(MemoryLayout<postern_call>.size)
        call.pointee.phase = POSTERN_PHASE_CONNECT
        call.pointee.recipient = POSTERN_NO_RECIPIENT
        call.pointee.host = UnsafePointer(host)
        call.pointee.session = UnsafePointer(session)
        call.pointee.completion_size = UInt32(MemoryLayout<postern_completion>.stride)
    }

    private func step(_ reason: UInt32) -> postern_step {
        call.pointee.reason = reason
        return plugin.pointee.on_phase(instance, call, &frame, builder)
    }

    func start() -> postern_step { step(POSTERN_START) }

    func cancel() { _ = step(POSTERN_CANCEL) }

    func fireTimer() -> postern_step { resume([postern_completion(size: 0, status: POSTERN_OK, operation: Self.timerID, result: nil)]) }

    /// Answers all questions, or one: status, and the address where there is one.
    func resume(only one: Int? = nil, _ answer: (Int) -> (Int32, [UInt8]?)) -> postern_step {
        let completions = (one.map { [$0] } ?? Array(names.indices)).map { index in
            let (status, address) = answer(index)
            let result = UnsafeMutablePointer<postern_dns_answer>.allocate(capacity: 1)
            result.initialize(to: postern_dns_answer())
            result.pointee.status = status
            result.pointee.record_size = UInt32(MemoryLayout<postern_bytes>.stride)
            if let address {
                let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: address.count)
                bytes.initialize(from: address, count: address.count)
                let record = UnsafeMutablePointer<postern_bytes>.allocate(capacity: 1)
                record.initialize(to: postern_bytes(data: bytes, length: UInt64(address.count)))
                result.pointee.records = UnsafePointer(record)
                result.pointee.record_count = 1
            }
            return postern_completion(size: 0, status: POSTERN_OK, operation: UInt64(index + 1), result: UnsafeRawPointer(result))
        }
        return resume(completions)
    }

    private func resume(_ completions: [postern_completion]) -> postern_step {
        completions.withUnsafeBufferPointer {
            call.pointee.completions = $0.baseAddress
            call.pointee.completion_count = UInt32($0.count)
            return step(POSTERN_RESUME)
        }
    }
}
