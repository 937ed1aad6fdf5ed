import Processes

/// When a gateway is started, stopped and given up. Pure: time is an argument, in milliseconds of a clock that never goes back.
///
///     starting -> ready -> (trying) -> replacing -> starting ...
///        |          \________________/     |
///        +-> ended: waiting -> starting    +-> stopping -> over
struct SupervisorMachine {
    enum Action: Equatable {
        /// Start a gateway now, or when so much time has passed.
        case start
        case startAfter(milliseconds: Int64)
        /// Ask the gateway to stop.
        case terminate
        /// New connections are refused from now on.
        case closeSockets
        /// Find out whether the program that is to come can run.
        case tryOut(Replacement)
        /// Answers to who asked for the replacement.
        case accept(String)
        case refuse(String)
        /// Become the program on the disk; it goes on by `resumed`.
        case execute(String)
        case say(String)
        case exit(Int32)
    }

    private enum State: Equatable {
        /// A gateway runs that does not take mail yet.
        case starting
        case ready
        /// None runs; one is due.
        case waiting
        /// It runs, and its successor is tried out.
        case trying(Replacement)
        /// It has been asked to stop; another follows.
        case replacing
        /// It has been asked to stop; none follows.
        case stopping
    }

    /// A gateway that has lived this long is well: the next end is the first again.
    static let wellAfter: Int64 = 60_000
    /// Before the second, third, ... start in a row; the last one for all that follow. The first two ends cost no time: it takes two to name
    /// a message that ends gateways.
    static let waits: [Int64] = [0, 0, 500, 1_000, 2_000, 4_000, 10_000]
    /// Ends by a signal of gateways that were never ready, before it is given up.
    static let mostFirstEnds = 5

    private var state = State.starting
    private var startedAt: Int64 = 0
    private var endsInARow = 0
    /// One has been ready: from then on nothing but a stop ends the service.
    private(set) var hasBeenReady = false

    init() {}

    mutating func begin(now: Int64) -> [Action] {
        startedAt = now
        return [.start]
    }

    /// The program was replaced while its gateway ran, and this is the new one.
    mutating func resumed(_ version: String) -> [Action] {
        hasBeenReady = true
        state = .replacing
        return [.accept(version), .terminate]
    }

    mutating func becameReady() {
        hasBeenReady = true
        if state == .starting { state = .ready }
    }

    /// The gateway has ended, or could not be started.
    mutating func ended(_ exit: ChildExit, now: Int64) -> [Action] {
        switch state {
        case .waiting: return []
        case .stopping:
            return exit == .exited(0) ? [.exit(0)] : [.say("the gateway ended with \(exit) while it stopped"), .exit(exit.status)]
        case .replacing:
            state = .starting
            startedAt = now
            return exit == .exited(0) ? [.start] : [.say("the gateway ended with \(exit) while it stopped"), .start]
        case .starting where !hasBeenReady:
            // It has said what is wrong itself: settings, a port, the data folder.
            if case .exited(let status) = exit { return [.exit(status)] }
            if endsInARow + 1 >= Self.mostFirstEnds {
                return [
                    .say("the gateway ended with \(exit) \(Self.mostFirstEnds) times before it was ready: given up"), .exit(exit.status),
                ]
            }
        case .starting, .ready, .trying: break
        }
        if now - startedAt >= Self.wellAfter { endsInARow = 0 }
        let wait = Self.waits[min(endsInARow, Self.waits.count - 1)]
        endsInARow += 1
        if wait == 0 {
            state = .starting
            startedAt = now
            return [.say("the gateway ended with \(exit): started again"), .start]
        }
        state = .waiting
        return [
            .say("the gateway ended with \(exit), \(endsInARow) times in a row: started again in \(wait) ms"),
            .startAfter(milliseconds: wait),
        ]
    }

    /// The wait of `startAfter` is over.
    mutating func waited(now: Int64) -> [Action] {
        guard state == .waiting else { return [] }
        state = .starting
        startedAt = now
        return [.start]
    }

    /// The operator wants an end. Again: the gateway is told again.
    mutating func stop() -> [Action] {
        if state == .waiting { return [.closeSockets, .exit(0)] }
        let isFirst = state != .stopping
        state = .stopping
        return isFirst ? [.closeSockets, .terminate] : [.terminate]
    }

    /// A gateway that is starting reads the files anyway, and does not know the signal yet.
    var hearsHangUp: Bool {
        switch state {
        case .ready, .trying: true
        case .starting, .waiting, .replacing, .stopping: false
        }
    }

    mutating func asked(for replacement: Replacement) -> [Action] {
        guard state == .ready else { return [.refuse("the gateway is starting, stopping or being replaced already")] }
        state = .trying(replacement)
        return [.tryOut(replacement)]
    }

    /// `problem`: why the successor cannot run; nil: it can, and is of this version.
    mutating func tried(version: String, problem: String?) -> [Action] {
        // The gateway may have ended meanwhile, and who asked with it.
        guard case .trying(let replacement) = state else { return [] }
        if let problem {
            state = .ready
            return [.say("no \(replacement.rawValue): \(problem)"), .refuse(problem)]
        }
        if replacement == .upgrade { return [.execute(version)] }
        state = .replacing
        return [.accept(version), .terminate]
    }

    mutating func couldNotExecute(_ problem: String) -> [Action] {
        state = .ready
        return [.say("no upgrade: \(problem)"), .refuse(problem)]
    }
}
