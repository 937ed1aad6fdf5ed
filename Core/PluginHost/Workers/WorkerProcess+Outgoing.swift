import Glibc
import Mail
import WorkerLink

/// To the worker. Any thread.
extension WorkerProcess {
    /// What may wait for room in its ring.
    private static let mostWaiting = 64 << 20

    /// Hands a record over; what finds no room waits here, in order.
    func send(_ record: [UInt8]) {
        let mustWake = state.withLock { send(record, &$0) }
        if mustWake { bell.ring() }
    }

    /// Starts a run in it, its message's bytes before. What takes long, writing and copying, comes before the lock.
    func call(_ run: UInt64, instance: UInt32, _ call: FilterCall, now: Timestamp) {
        let regions = call.message?.shown ?? []
        var record = CallRecord(run: run, instance: instance, now: now, call)
        let descriptors = open(regions)
        defer { for descriptor in descriptors.values where descriptor >= 0 { close(descriptor) } }
        let mustWake = state.withLock { state in
            var numbers: [UInt64] = []
            var mustWake = false
            for region in regions {
                let (number, isNew) = state.shown.use(region)
                numbers.append(number)
                if isNew { mustWake = show(region, number, descriptors[ObjectIdentifier(region)], &state) || mustWake }
            }
            record.show(numbers)
            return send(record.bytes, &state) || mustWake
        }
        if mustWake { bell.ring() }
    }

    /// A call's run has ended in it: what that showed it is needed no more.
    func release(_ call: FilterCall) {
        let regions = call.message?.shown ?? []
        let mustWake = state.withLock { state in
            var mustWake = false
            for region in regions {
                guard let number = state.shown.release(region) else { continue }
                // A small one may stay until the next call or beat, since to wake a worker costs more than all else of a call.
                let isSmall = region.count <= ShownRegions.mostInline
                mustWake = send(GatewayMessage.dropRegion(number).record, &state, quietly: isSmall) || mustWake
            }
            return mustWake
        }
        if mustWake { bell.ring() }
    }

    /// Descriptors of what it has not been shown yet and is too long for a ring; -1 where there is none to be had.
    private func open(_ regions: [Region]) -> [ObjectIdentifier: Int32] {
        guard regions.contains(where: { $0.count > ShownRegions.mostInline }) else { return [:] }
        var descriptors: [ObjectIdentifier: Int32] = [:]
        for region in state.withLock({ $0.shown.unknown(regions) }) { descriptors[ObjectIdentifier(region)] = Self.open(region) }
        return descriptors
    }

    /// A file is shown as it is; memory is copied for this worker, sealed.
    private static func open(_ region: Region) -> Int32 { region.file?.openReadOnly() ?? (try? SharedMemory.copy(region.bytes)) ?? -1 }

    /// True: the bell must be rung.
    private func show(_ region: Region, _ number: UInt64, _ given: Int32?, _ state: inout State) -> Bool {
        if region.count <= ShownRegions.mostInline {
            return send(withExtendedLifetime(region) { GatewayMessage.region(number, region.bytes) }, &state)
        }
        // It knew this one when the call was written, and has lost it since.
        let descriptor = given ?? Self.open(region)
        defer { if given == nil, descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, socket.send(number, descriptor) else {
            state.isBroken = true
            reactor.execute { [weak self] in self?.end("\(Self.ownFault) could not show it a message") }
            return false
        }
        return send(GatewayMessage.regionBehindDescriptor(number, count: region.count).record, &state)
    }

    /// True: the bell must be rung.
    private func send(_ record: [UInt8], _ state: inout State, quietly: Bool = false) -> Bool {
        if state.isBroken { return false }
        var record = record
        if record.count > state.ring.longest {
            let number = state.shown.nextNumber()
            let copy = (try? SharedMemory.copy(record)) ?? -1
            defer { if copy >= 0 { close(copy) } }
            guard copy >= 0, socket.send(number, copy) else {
                state.isBroken = true
                reactor.execute { [weak self] in self?.end("\(Self.ownFault) could not tell it what it should") }
                return false
            }
            record = GatewayMessage.recordBehindDescriptor(number, count: record.count).record
        }
        if state.waiting.isEmpty, let mustWake = append(record, &state, quietly: quietly) { return mustWake }
        if state.isBroken { return false }
        state.waiting.append(record)
        state.waitingBytes += record.count
        if state.waitingBytes > Self.mostWaiting {
            state.isBroken = true
            reactor.execute { [weak self] in self?.end("did not read what it was told") }
        }
        return false
    }

    /// nil: no room.
    private func append(_ record: [UInt8], _ state: inout State, quietly: Bool = false) -> Bool? {
        switch record.withUnsafeBytes({ state.ring.append($0, quietly: quietly) }) {
        case .written(let mustWake): return mustWake
        case .full: return nil
        case .broken:
            state.isBroken = true
            reactor.execute { [weak self] in self?.end("damaged the ring") }
            return nil
        }
    }

    func flush() {
        let mustWake = state.withLock { state in
            var mustWake = false
            var sent = 0
            while sent < state.waiting.count, !state.isBroken, let wakes = append(state.waiting[sent], &state) {
                state.waitingBytes -= state.waiting[sent].count
                mustWake = mustWake || wakes
                sent += 1
            }
            if sent > 0 { state.waiting.removeFirst(sent) }
            return mustWake
        }
        if mustWake { bell.ring() }
    }
}
