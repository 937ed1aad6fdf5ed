import Mail

/// The queue's own time: goes on with the machine's uptime whatever is done to the wall clock, so that a clock set back makes nothing wait
/// that is due. One set forward takes it along: what its time has come for is tried, which costs an attempt at most.
///
/// What is stored are times of the wall clock; they are translated by how far both are apart now. Pure.
struct QueueClock {
    private struct Jump {
        var from: Timestamp
        var by: Duration
    }

    /// The queue's time.
    private(set) var now: Timestamp
    private(set) var wall: Timestamp
    private var uptime: Duration
    /// Of the wall clock, the latest ones.
    private var jumps: [Jump] = []

    /// Less than this is what synchronisation does.
    static let leastJump = Duration.seconds(60)
    static let mostJumps = 16

    init(wall: Timestamp, uptime: Duration) {
        now = wall
        self.wall = wall
        self.uptime = uptime
    }

    mutating func advance(wall time: Timestamp, uptime: Duration) {
        let passed = max(.zero, uptime - self.uptime)
        let jump = time - (wall + passed)
        if jump > Self.leastJump || jump < .zero - Self.leastJump {
            if jumps.count == Self.mostJumps { jumps.removeFirst() }
            jumps.append(Jump(from: wall, by: jump))
        }
        now = max(now + passed, time)
        wall = time
        self.uptime = uptime
    }

    func queueTime(ofWall time: Timestamp) -> Timestamp { time + (now - wall) }
    func wallTime(of time: Timestamp) -> Timestamp { time - (now - wall) }

    /// How long ago a moment of the wall clock was, without what the clock was set forward or back by since: a day wrong by a month must
    /// not end every message's lifetime.
    func age(of time: Timestamp) -> Duration {
        jumps.reduce(wall - time) { age, jump in time <= jump.from ? age - jump.by : age }
    }
}
