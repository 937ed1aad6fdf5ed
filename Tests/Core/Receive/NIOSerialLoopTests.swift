import GatewayTestKit
import Mail
import NIOPosix
import Receive
import Testing

@Suite struct NIOSerialLoopTests {
    @Test func runsOnItsLoop() async {
        let loop = NIOSerialLoop(MultiThreadedEventLoopGroup.singleton.next(), clock: ManualLoop())
        #expect(!loop.isCurrent)
        await withCheckedContinuation { done in
            loop.execute {
                #expect(loop.isCurrent); done.resume()
            }
        }
        await withCheckedContinuation { done in
            _ = loop.schedule(after: .milliseconds(1)) {
                #expect(loop.isCurrent); done.resume()
            }
        }
    }
}
