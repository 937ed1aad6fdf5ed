import CPostern
import Glibc
import Mail
import Synchronization

/// Services that answer at once, in the process that the plugin runs in.
extension ServiceTables {
    static var clock: postern_clock {
        postern_clock(
            size: UInt32(MemoryLayout<postern_clock>.size), reserved: 0,
            now: { call in
                guard let call else { return 0 }
                return PluginRun.of(call)._withUnsafeGuaranteedRef { $0.now.microseconds }
            })
    }

    static var verdicts: postern_verdicts {
        postern_verdicts(
            size: UInt32(MemoryLayout<postern_verdicts>.size), reserved: 0,
            verdict_count: { call in
                guard let call else { return 0 }
                return CallMemory.of(call)._withUnsafeGuaranteedRef { UInt32($0.earlier.verdicts.count) }
            },
            verdict: { call, index, out in
                guard let call else { return POSTERN_INVALID }
                return CallMemory.of(call)._withUnsafeGuaranteedRef { $0.earlierVerdict(index, out) }
            },
            finding_count: { call in
                guard let call else { return 0 }
                return CallMemory.of(call)._withUnsafeGuaranteedRef { UInt32($0.earlier.findings.count) }
            },
            finding: { call, index, out in
                guard let call else { return POSTERN_INVALID }
                return CallMemory.of(call)._withUnsafeGuaranteedRef { $0.finding(index, out) }
            })
    }

    static func log(_ me: UnsafeMutableRawPointer) -> postern_log {
        postern_log(
            size: UInt32(MemoryLayout<postern_log>.size), reserved: 0, context: me,
            write: { table, call, level, text in
                ServiceTables.of(table?.pointee.context, else: POSTERN_INVALID) { $0.write(call, level, text) }
            })
    }

    private static let longestLine = 1024
    private static let linesPerRun = 64

    private func write(_ call: UnsafePointer<postern_call>?, _ level: UInt32, _ text: postern_bytes) -> postern_status {
        guard let level = LogLevel(rawValue: level) else { return POSTERN_INVALID }
        let line = text.text(upTo: Self.longestLine)
        if let call {
            let memory = CallMemory.of(call).takeUnretainedValue()
            let count = memory.lines.add(1, ordering: .relaxed).newValue
            let run = PluginRun.of(call).takeUnretainedValue()
            guard count <= Self.linesPerRun else {
                if count == Self.linesPerRun + 1 { exceeded("more than \(Self.linesPerRun) lines in one run", run) }
                return POSTERN_LIMIT
            }
            home.write(level, line, of: run)
        } else {
            guard budget.take(onExcess: { exceeded(LineBudget.excess, nil) }) else { return POSTERN_LIMIT }
            home.write(level, line, of: nil)
        }
        return POSTERN_OK
    }

    private func exceeded(_ what: String, _ run: PluginRun?) {
        home.fault(.flood)
        home.tell("logs \(what): the rest is left out", of: run)
    }

    static func metrics(_ me: UnsafeMutableRawPointer) -> postern_metrics {
        postern_metrics(
            size: UInt32(MemoryLayout<postern_metrics>.size), reserved: 0, context: me,
            define: { table, definition, metric in
                ServiceTables.of(table?.pointee.context, else: POSTERN_INVALID) { $0.metrics.define(definition, metric) }
            },
            record: { table, metric, values, count, amount in
                ServiceTables.of(table?.pointee.context, else: POSTERN_INVALID) {
                    $0.metrics.move(metric, values, count, amount, sets: false)
                }
            },
            set: { table, metric, values, count, amount in
                ServiceTables.of(table?.pointee.context, else: POSTERN_INVALID) {
                    $0.metrics.move(metric, values, count, amount, sets: true)
                }
            })
    }

    static func cache(_ me: UnsafeMutableRawPointer) -> postern_cache {
        postern_cache(
            size: UInt32(MemoryLayout<postern_cache>.size), reserved: 0, context: me,
            get: { table, digest, out, capacity, length in
                guard let digest = ServiceTables.digest(digest), let length, capacity == 0 || out != nil else { return POSTERN_INVALID }
                return ServiceTables.of(table?.pointee.context, else: POSTERN_INVALID) { services in
                    services.cache.get(digest, at: MonotonicClock.nanoseconds) { value in
                        length.pointee = UInt64(value.count)
                        guard value.count <= capacity else { return POSTERN_LIMIT }
                        value.withUnsafeBytes {
                            if $0.count > 0 { out!.update(from: $0.bindMemory(to: UInt8.self).baseAddress!, count: $0.count) }
                        }
                        return POSTERN_OK
                    } ?? POSTERN_ABSENT
                }
            },
            put: { table, digest, value, duration in
                guard let digest = ServiceTables.digest(digest), value.length == 0 || value.data != nil else { return POSTERN_INVALID }
                guard value.length <= UInt64(DigestCache.mostValueBytes) else { return POSTERN_LIMIT }
                return ServiceTables.of(table?.pointee.context, else: POSTERN_INVALID) { services in
                    let (nanoseconds, overflows) = duration.multipliedReportingOverflow(by: 1000)
                    let (end, isEndless) = MonotonicClock.nanoseconds.addingReportingOverflow(nanoseconds)
                    services.cache.put(
                        digest, Array(value.buffer), expiresAt: duration == 0 || overflows || isEndless ? .max : end)
                    return POSTERN_OK
                }
            },
            remove: { table, digest in
                guard let digest = ServiceTables.digest(digest) else { return POSTERN_INVALID }
                return ServiceTables.of(table?.pointee.context, else: POSTERN_INVALID) {
                    $0.cache.remove(digest) ? POSTERN_OK : POSTERN_ABSENT
                }
            })
    }

    private static func digest(_ bytes: UnsafePointer<UInt8>?) -> MessageDigest? {
        bytes.flatMap { MessageDigest(bytes: UnsafeBufferPointer(start: $0, count: Int(POSTERN_CACHE_DIGEST))) }
    }

    static func random(_ me: UnsafeMutableRawPointer) -> postern_random {
        postern_random(
            size: UInt32(MemoryLayout<postern_random>.size), reserved: 0, context: me,
            fill: { _, out, length in
                guard length <= 65536 else { return POSTERN_LIMIT }
                guard length == 0 || out != nil else { return POSTERN_INVALID }
                return ServiceTables.fill(UnsafeMutableRawBufferPointer(start: out, count: Int(length))) ? POSTERN_OK : POSTERN_FAILED
            },
            u64: { _ in UInt64.random(in: .min ... .max) })
    }

    private static func fill(_ out: UnsafeMutableRawBufferPointer) -> Bool {
        // getentropy gives 256 bytes at most.
        for at in stride(from: 0, to: out.count, by: 256) where getentropy(out.baseAddress! + at, min(256, out.count - at)) != 0 {
            return false
        }
        return true
    }
}
