import Glibc
import Sandbox
import Synchronization

/// Enters with grants from the command line; says what is in force, or why not. `then=tasks`: keeps a Swift task pool busy afterwards.
enum EnterOnce {
    static func run(_ landlock: String, _ words: ArraySlice<String>) -> Int32 {
        var grants = Grants()
        var after = ""
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return 2 }
            switch parts[0] {
            case "read": grants.readable.append(parts[1])
            case "descriptor": grants.readableDescriptors.append(Int32(parts[1]) ?? -1)
            case "temporary": grants.temporary = parts[1]
            case "user": grants.user = UInt32(parts[1]).map { Grants.User(uid: $0, gid: $0) }
            case "modes": grants.acceptsModesAlone = parts[1] == "yes"
            case "before" where parts[1] == "thread": startThread()
            case "then": after = parts[1]
            default: return 2
            }
        }
        do {
            let kernel = landlock == "kernel" ? Landlock() : AttemptRun.landlock(landlock)
            print(try Sandbox.enter(grants, layers: .all, landlock: kernel))
        } catch {
            print(error)
            fflush(nil)
            return 1
        }
        fflush(nil)
        return after == "tasks" ? tasks() : 0
    }

    private static func startThread() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { _ in
                sleep(600); return nil
            }, nil)
    }

    private static let done = Atomic(0)

    /// Some seconds of work for the runtime's own threads: its pool looks at them every second.
    private static func tasks() -> Int32 {
        let turns = 12
        for _ in 0..<turns {
            Task.detached {
                for _ in 0..<20 {
                    usleep(20_000)
                    await Task.yield()
                }
                done.add(1, ordering: .relaxed)
            }
        }
        for _ in 0..<6000 where done.load(ordering: .relaxed) < turns { usleep(10_000) }
        print("\(done.load(ordering: .relaxed)) tasks")
        return 0
    }
}
