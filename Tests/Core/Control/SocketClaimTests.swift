import Foundation
import GatewayTestKit
import Glibc
import Mail
import Testing

@testable import Control

@Suite struct SocketClaimTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/postern.sock" }
    init() throws { folder = try TemporaryFolder() }

    /// Binds and listens on `path`; closing it leaves the file behind, as a killed gateway does.
    private func listener() -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafeBytes(of: address) {
            #expect(bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count)) == 0)
        }
        #expect(listen(descriptor, 8) == 0)
        return descriptor
    }

    private func failure(_ path: String) -> ControlFailure? {
        do {
            _ = try SocketClaim(path: path)
            return nil
        } catch { return error as? ControlFailure }
    }

    @Test func staleSocketIsRemoved() throws {
        close(listener())
        #expect(access(path, F_OK) == 0)
        let claim = try SocketClaim(path: path)
        #expect(access(path, F_OK) != 0)
        withExtendedLifetime(claim) {}
    }

    @Test func liveSocketIsRefusedAndStays() throws {
        let live = listener()
        defer { close(live) }
        let refusal = try #require(failure(path))
        #expect(refusal.kind == .conflict)
        #expect(refusal.what == "another gateway listens on \(path)")
        #expect(!refusal.mend.isEmpty)
        #expect(access(path, F_OK) == 0)
    }

    /// Before the first has bound its socket: the race of two that start together.
    @Test func secondClaimIsRefusedUntilTheFirstEnds() throws {
        do {
            let first = try SocketClaim(path: path)
            #expect(failure(path)?.kind == .conflict)
            withExtendedLifetime(first) {}
        }
        #expect(failure(path) == nil)
    }

    @Test func otherFilesAreLeftAlone() throws {
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        #expect(failure(path)?.what == "\(path) exists and is no socket")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test func impossiblePathsAreExplained() {
        #expect(failure("")?.kind == .badRequest)
        #expect(failure(folder.path + "/" + String(repeating: "x", count: 120))?.kind == .badRequest)
        #expect(failure(folder.path + "/no/such/folder.sock")?.what.contains("No such file or directory") == true)
    }
}
