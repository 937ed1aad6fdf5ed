import Glibc
import Processes
import Testing

@testable import Supervisor

/// When a gateway is started again, and when it is given up.
@Suite struct SupervisorMachineTests {
    /// A machine whose gateway is ready.
    private func running(at now: Int64 = 0) -> SupervisorMachine {
        var machine = SupervisorMachine()
        #expect(machine.begin(now: now) == [.start])
        machine.becameReady()
        return machine
    }

    private func without(says actions: [SupervisorMachine.Action]) -> [SupervisorMachine.Action] {
        actions.filter { if case .say = $0 { false } else { true } }
    }

    @Test func aBadConfigurationIsTheCommandsEnd() {
        var machine = SupervisorMachine()
        _ = machine.begin(now: 0)
        #expect(machine.ended(.exited(1), now: 50) == [.exit(1)])
    }

    @Test func onceReadyNothingButAStopEndsIt() {
        for exit in [ChildExit.exited(0), .exited(1), .signalled(SIGKILL), .signalled(SIGILL)] {
            var machine = running()
            #expect(without(says: machine.ended(exit, now: 1000)) == [.start])
        }
    }

    @Test func waitsLongerWhenItDiesAgainAndAgain() {
        var machine = running()
        var now: Int64 = 0
        var waits: [Int64] = []
        for _ in 0..<9 {
            now += 100
            switch without(says: machine.ended(.signalled(SIGSEGV), now: now)).last {
            case .start: waits.append(0)
            case .startAfter(let wait):
                waits.append(wait)
                now += wait
                #expect(machine.waited(now: now) == [.start])
            default: Issue.record("neither started nor waited")
            }
            machine.becameReady()
        }
        #expect(waits == [0, 0, 500, 1000, 2000, 4000, 10_000, 10_000, 10_000])
        // A minute of life clears it.
        #expect(without(says: machine.ended(.signalled(SIGSEGV), now: now + SupervisorMachine.wellAfter)) == [.start])
    }

    @Test func aGatewayThatIsNeverReadyIsGivenUp() {
        var machine = SupervisorMachine()
        _ = machine.begin(now: 0)
        var now: Int64 = 0
        for _ in 1..<SupervisorMachine.mostFirstEnds {
            now += 10_000
            let actions = machine.ended(.signalled(SIGILL), now: now)
            if case .startAfter = actions.last { _ = machine.waited(now: now) }
        }
        #expect(without(says: machine.ended(.signalled(SIGILL), now: now)) == [.exit(128 + SIGILL)])
    }

    @Test func aStopClosesTheSocketsAndEndsWithTheGatewaysStatus() {
        var machine = running()
        #expect(machine.stop() == [.closeSockets, .terminate])
        #expect(machine.stop() == [.terminate])
        #expect(machine.ended(.exited(0), now: 10) == [.exit(0)])
        var stumbling = running()
        _ = stumbling.stop()
        #expect(without(says: stumbling.ended(.signalled(SIGILL), now: 10)) == [.exit(128 + SIGILL)])
    }

    @Test func aStopWhileNoneRuns() {
        var machine = running()
        for _ in 0..<3 { _ = machine.ended(.signalled(SIGILL), now: 0) }
        #expect(machine.stop() == [.closeSockets, .exit(0)])
    }

    @Test func aRestartTriesOutFirst() {
        var machine = running()
        #expect(machine.asked(for: .restart) == [.tryOut(.restart)])
        #expect(machine.hearsHangUp)
        // One at a time.
        #expect(machine.asked(for: .upgrade) == [.refuse("the gateway is starting, stopping or being replaced already")])
        #expect(without(says: machine.tried(version: "", problem: "x.yaml:1:1: no")) == [.refuse("x.yaml:1:1: no")])
        #expect(machine.asked(for: .restart) == [.tryOut(.restart)])
        #expect(machine.tried(version: "2.0", problem: nil) == [.accept("2.0"), .terminate])
        #expect(!machine.hearsHangUp)
        #expect(machine.ended(.exited(0), now: 500) == [.start])
        // Whatever it dies of: the successor is started, and then again.
        #expect(without(says: machine.ended(.exited(1), now: 600)) == [.start])
    }

    @Test func anUpgradeExecutes() {
        var machine = running()
        _ = machine.asked(for: .upgrade)
        #expect(machine.tried(version: "2.0", problem: nil) == [.execute("2.0")])
        #expect(without(says: machine.couldNotExecute("no such file")) == [.refuse("no such file")])
        #expect(machine.asked(for: .restart) == [.tryOut(.restart)])
        var next = SupervisorMachine()
        #expect(next.resumed("2.0") == [.accept("2.0"), .terminate])
        #expect(next.ended(.exited(0), now: 1) == [.start])
        // Not its first gateway: it is never given up.
        #expect(without(says: next.ended(.exited(1), now: 2)) == [.start])
    }

    @Test func aGatewayThatDiesDuringItsSuccessorsTrial() {
        var machine = running()
        _ = machine.asked(for: .upgrade)
        #expect(without(says: machine.ended(.signalled(SIGBUS), now: 1)) == [.start])
        #expect(machine.tried(version: "2.0", problem: nil).isEmpty)
    }

    @Test func waitStatuses() {
        #expect(ChildExit(waitStatus: 0x0100) == .exited(1))
        #expect(ChildExit(waitStatus: 0x84) == .signalled(4))
        #expect(ChildExit.signalled(SIGILL).isCrash && ChildExit.signalled(SIGABRT).isCrash)
        for exit in [ChildExit.exited(1), .signalled(SIGKILL), .signalled(SIGTERM), .signalled(SIGHUP)] { #expect(!exit.isCrash) }
    }
}
