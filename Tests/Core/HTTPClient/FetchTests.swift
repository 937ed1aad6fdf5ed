import DNSClient
import Foundation
import GatewayTestKit
import Mail
import NIOPosix
import Synchronization
import Testing

@testable import HTTPClient

extension PooledFetcher {
    func get(
        _ url: String, method: String = "GET", headers: [HTTPHeader] = [], body: String = "", timeout: Duration = .seconds(60),
        mostBytes: Int = 65536, reach: HTTPReach = .anyAddress
    ) async -> HTTPAnswer {
        let request = HTTPRequest(
            method: method, url: HTTPURL(url)!, headers: headers, body: Array(body.utf8), timeout: timeout, mostBytes: mostBytes)
        return await withCheckedContinuation { done in fetch(request, reach: reach) { done.resume(returning: $0) } }
    }
}

extension HTTPAnswer {
    var text: String { String(decoding: body, as: UTF8.self) }
    func field(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}

/// Requests against servers on the loopback, real ones and one that does as it is told.
struct FetchTests {
    static let group = MultiThreadedEventLoopGroup.singleton
    static let zone = """
        {"server.example": {"A": ["127.0.0.1"]}, "two.example": {"AAAA": ["::1"], "A": ["127.0.0.1"]}, "slow.example": "timeout",
         "broken.example": "servfail", "private.example": {"A": ["10.1.2.3"]}}
        """

    private func fetcher(_ change: (inout FetchLimits) -> Void = { _ in }) throws -> PooledFetcher {
        var limits = FetchLimits()
        change(&limits)
        return try PooledFetcher(
            group: Self.group, resolver: try ScriptedResolver(text: Self.zone, timeoutDelay: .milliseconds(50)), trustRootsFile: nil,
            limits: limits)
    }

    private func server(_ moves: @escaping @Sendable (Int) -> [PlainServer.Move]) async throws -> PlainServer {
        try await PlainServer(group: Self.group, moves: moves)
    }

    @Test func `a real server: file, missing file, HEAD, and what it does not know`() async throws {
        let folder = NSTemporaryDirectory() + "/postern-http-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let content = String(repeating: "line of a file\n", count: 1000)
        try content.write(toFile: folder + "/file.txt", atomically: true, encoding: .utf8)
        let port = FreePort.take()
        let python = try ChildProcess(
            "/usr/bin/python3", ["-m", "http.server", "--bind", "127.0.0.1", "\(port)", "--protocol", "HTTP/1.1"], directory: folder)
        defer { python.stop() }
        let fetcher = try fetcher()
        while await fetcher.get("http://127.0.0.1:\(port)/").status != .answered { try await Task.sleep(for: .milliseconds(50)) }
        let file = await fetcher.get("http://server.example:\(port)/file.txt")
        #expect(file.code == 200 && file.text == content && !file.isTruncated && file.field("content-type") == "text/plain")
        let cut = await fetcher.get("http://server.example:\(port)/file.txt", mostBytes: 100)
        #expect(cut.code == 200 && cut.text == String(content.prefix(100)) && cut.isTruncated)
        #expect(await fetcher.get("http://server.example:\(port)/missing").code == 404)
        let head = await fetcher.get("http://server.example:\(port)/file.txt", method: "HEAD")
        #expect(head.code == 200 && head.body.isEmpty && head.field("content-length") == "\(content.utf8.count)")
        #expect(await fetcher.get("http://server.example:\(port)/file.txt", method: "POST", body: "x").code == 501)
    }

    @Test func `a request is as RFC 9112 has it, and one connection serves several`() async throws {
        let server = try await server { _ in [.answer("one"), .next, .answer("two", "X-Note: a b\r\n"), .next, .answer("three")] }
        let fetcher = try fetcher()
        let base = "http://server.example:\(server.port)"
        #expect(await fetcher.get(base + "/a?b").text == "one")
        let posted = await fetcher.get(
            base, method: "POST", headers: [HTTPHeader("X-Key", "k"), HTTPHeader("User-Agent", "test")], body: "hello")
        #expect(posted.text == "two" && posted.field("x-note") == "a b")
        #expect(await fetcher.get(base, method: "PUT").text == "three")
        #expect(server.connections.load(ordering: .relaxed) == 1)
        #expect(
            server.requests == [
                "GET /a?b HTTP/1.1\r\nHost: server.example:\(server.port)\r\nUser-Agent: Postern\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: server.example:\(server.port)\r\nX-Key: k\r\nUser-Agent: test\r\nContent-Length: 5\r\n\r\nhello",
                "PUT / HTTP/1.1\r\nHost: server.example:\(server.port)\r\nUser-Agent: Postern\r\nContent-Length: 0\r\n\r\n",
            ])
        try await server.close()
    }

    @Test func `no redirect is followed`() async throws {
        let server = try await server { _ in [.send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n")] }
        let answer = try await fetcher().get("http://server.example:\(server.port)/")
        #expect(answer.status == .answered && answer.code == 302 && answer.field("location") == "http://127.0.0.1/")
        try await server.close()
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "220 mail.example ESMTP\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n" + String(repeating: "X-Field: 1\r\n", count: 129) + "Content-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 200_000) + "\r\n\r\n", "",
    ]) func `a broken answer is a failure, and says so`(_ bytes: String) async throws {
        let server = try await server { _ in [.send(bytes), .close] }
        let answer = try await fetcher().get("http://server.example:\(server.port)/", method: "POST")
        #expect(answer.status == .failed && !answer.detail.isEmpty, "\(answer)")
        try await server.close()
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n", "abcde"),
        ("HTTP/1.0 200 OK\r\n\r\nuntil the end", "until the end"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
    ]) func `every form of a body`(_ bytes: String, _ body: String) async throws {
        let server = try await server { _ in [.send(bytes), .close] }
        let answer = try await fetcher().get("http://server.example:\(server.port)/")
        #expect(answer.status == .answered && answer.text == body && !answer.isTruncated, "\(answer)")
        try await server.close()
    }

    @Test func `a body without end is cut off`() async throws {
        let chunk = "10000\r\n" + String(repeating: "x", count: 65536) + "\r\n"
        let server = try await server { _ in
            [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")] + [PlainServer.Move](repeating: .send(chunk), count: 200)
        }
        let fetcher = try fetcher()
        let answer = await fetcher.get("http://server.example:\(server.port)/", mostBytes: 100_000)
        #expect(answer.status == .answered && answer.isTruncated && answer.body.count == 100_000)
        while await fetcher.connections() > 0 { try await Task.sleep(for: .milliseconds(5)) }
        try await server.close()
    }

    @Test func `time is up: while nothing, and while something comes`() async throws {
        let drip = [PlainServer.Move](repeating: .wait(.milliseconds(20)), count: 1) + [.send("x")]
        let server = try await server { number in
            number == 0 ? [] : [.send("HTTP/1.1 200 OK\r\n\r\n")] + (0..<2000).flatMap { _ in drip }
        }
        let fetcher = try fetcher()
        for _ in 0..<2 {
            let answer = await fetcher.get("http://server.example:\(server.port)/", timeout: .milliseconds(200))
            #expect(answer.status == .timeout && answer.detail.contains("server.example"))
        }
        #expect(await fetcher.get("http://slow.example/", timeout: .seconds(30)).detail.contains("no address of slow.example"))
        while await fetcher.connections() > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(fetcher.fetches == 0)
        try await server.close()
    }

    @Test func `a request that is given up closes its connection`() async throws {
        let server = try await server { _ in [] }
        let fetcher = try fetcher()
        let answers = Mutex<[HTTPAnswer]>([])
        let fetch = fetcher.fetch(HTTPRequest(url: HTTPURL("http://server.example:\(server.port)/")!), reach: .anyAddress) { answer in
            answers.withLock { $0.append(answer) }
        }
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        fetch.cancel()
        fetch.cancel()
        while await fetcher.connections() > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(answers.withLock { $0.map(\.status) } == [.failed])
        try await server.close()
    }

    @Test func `a kept connection that was dead costs an idempotent request nothing`() async throws {
        // The server hangs up as soon as the second request comes.
        let server = try await server { number in number == 0 ? [.answer("one"), .next, .close] : [.answer("two"), .next, .close] }
        let fetcher = try fetcher()
        let url = "http://server.example:\(server.port)/"
        #expect(await fetcher.get(url).text == "one")
        #expect(await fetcher.get(url).text == "two")
        #expect(server.connections.load(ordering: .relaxed) == 2)
        // One that may not be repeated is not.
        let posted = await fetcher.get(url, method: "POST", body: "pay")
        #expect(posted.status == .failed && posted.detail.contains("closed"))
        #expect(server.requests.count { $0.hasPrefix("POST") } == 1)
        try await server.close()
    }

    @Test func `bytes that nobody asked for are no answer to the next request`() async throws {
        let server = try await server { number in
            number == 0
                ? [.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none" + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
                : [.answer("two")]
        }
        let fetcher = try fetcher()
        let url = "http://server.example:\(server.port)/"
        #expect(await fetcher.get(url).text == "one")
        #expect(await fetcher.get(url).text == "two")
        try await server.close()
    }

    @Test func `requests beyond the connections wait, those beyond the budget are refused`() async throws {
        let server = try await server { _ in
            (0..<50).flatMap { _ in [PlainServer.Move.wait(.milliseconds(5)), .answer("ok"), .next] }
        }
        let fetcher = try fetcher {
            $0.connections = 2
            $0.fetches = 20
        }
        let url = "http://server.example:\(server.port)/"
        let answers = await withTaskGroup(of: HTTPAnswer.self) { group in
            for _ in 0..<20 { group.addTask { await fetcher.get(url) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.text == "ok" })
        #expect(server.connections.load(ordering: .relaxed) == 2)
        // All at once, before any can have ended.
        let refused = Mutex(0)
        let done = Mutex(0)
        for _ in 0..<25 {
            fetcher.fetch(HTTPRequest(url: HTTPURL("http://slow.example/")!), reach: .anyAddress) { answer in
                if answer.status == .refused { refused.withLock { $0 += 1 } }
                done.withLock { $0 += 1 }
            }
        }
        while done.withLock({ $0 }) < 25 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(refused.withLock { $0 } >= 5)
        #expect(fetcher.fetches == 0)
        try await server.close()
    }

    @Test func `the next address is tried when the first has no server`() async throws {
        let server = try await server { _ in [.answer("here")] }
        #expect(try await fetcher().get("http://two.example:\(server.port)/").text == "here")
        try await server.close()
        let gone = try await fetcher().get("http://two.example:\(server.port)/")
        #expect(gone.status == .failed && gone.detail.contains("connection refused"))
        #expect(try await fetcher().get("http://missing.example/").detail == "missing.example has no address")
        #expect(try await fetcher().get("http://broken.example/").status == .failed)
    }

    @Test func `a name that the operator did not write leads to no private address`() async throws {
        let server = try await server { _ in [.answer("secret"), .next, .answer("secret")] }
        let fetcher = try fetcher()
        for host in ["server.example", "two.example", "private.example", "127.0.0.1", "localhost", "[::1]"] {
            let answer = await fetcher.get("http://\(host):\(server.port)/", reach: .publicAddresses)
            #expect(answer.status == .refused && answer.detail.contains("not a public address"), "\(host): \(answer)")
        }
        // Nor over a connection that somebody else has opened.
        #expect(await fetcher.get("http://server.example:\(server.port)/").text == "secret")
        #expect(await fetcher.get("http://server.example:\(server.port)/", reach: .publicAddresses).status == .refused)
        #expect(server.requests.count == 1)
        try await server.close()
    }

    @Test func `public addresses`() {
        for text in [
            "192.0.0.255", "9.255.255.255", "172.15.0.1", "172.32.0.1", "223.255.255.255", "100.128.0.1", "2a00::1", "2001:4860::1",
        ] {
            #expect(PublicAddress.isOne(IPAddress(text)!) == (text != "192.0.0.255"), "\(text)")
        }
        for text in [
            "0.0.0.0", "10.9.9.9", "100.64.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "fc00::1", "fe80::1", "ff02::1", "2002:a00:1::",
            "64:ff9b::a00:1",
            "2001:db8::1", "2001:0:1::",
        ] { #expect(!PublicAddress.isOne(IPAddress(text)!), "\(text)") }
    }

    @Test func `after close nothing is asked any more`() async throws {
        let server = try await server { _ in [] }
        let fetcher = try fetcher()
        async let waiting = fetcher.get("http://server.example:\(server.port)/")
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        await withCheckedContinuation { done in fetcher.close { done.resume() } }
        #expect(await waiting.status == .failed)
        #expect(await fetcher.get("http://server.example:\(server.port)/").status == .refused)
        try await server.close()
    }
}
