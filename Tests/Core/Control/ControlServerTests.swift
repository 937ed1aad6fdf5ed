import Control
import Foundation
import Glibc
import Logging
import Mail
import Testing

@Suite struct ControlServerTests {
    let id = QueueID("0ABCDEFGHJKMN")!

    /// Keys and their values are a promise to other programs.
    @Test func healthTellsTheLoad() async throws {
        try await withServer(ScriptedBackend()) { socket, _ in
            let answer = try await RawConnection(socket: socket).ask(RawConnection.get("/health"))
            #expect(answer.status == 200)
            #expect(
                answer.body
                    == #"{"alive":true,"bytes_in_flight":42,"generation":3,"hostname":"mx.example","pid":4711,"quarantined":1,"queue_length":7,"#
                    + #""ready":true,"reason":"","sessions":2,"started_at":"2027-01-15T08:00:00.000000Z","version":"1"}"#)
        }
    }

    @Test func unreadyIs503ForHealthOnly() async throws {
        try await withServer(ScriptedBackend(.init(isReady: false))) { socket, _ in
            try await #expect(RawConnection(socket: socket).ask(RawConnection.get("/health")).status == 503)
            let status = try await RawConnection(socket: socket).ask(RawConnection.get("/v1/status"))
            #expect(status.status == 200)
            #expect(status.body.contains(#""reason":"the store is full""#))
        }
    }

    @Test func metricsAreText() async throws {
        try await withServer(ScriptedBackend()) { socket, _ in
            let answer = try await RawConnection(socket: socket).ask(RawConnection.get("/metrics"))
            #expect(answer.body == "# TYPE postern_sessions gauge\npostern_sessions 2\n")
        }
    }

    @Test(arguments: [
        ("GET", "/v1/nothing"), ("GET", "/"), ("POST", "/v1/status"), ("GET", "/v1/queue/0ABCDEFGHJKMN/hold"), ("POST", "/v1/copies/burn"),
        ("POST", "/v1/flush/domain/"),
        ("DELETE", "/v1/queue"),
    ])
    func unknownRouteIsJSON404(_ route: (String, String)) async throws {
        let backend = ScriptedBackend()
        try await withServer(backend) { socket, _ in
            let answer = try await RawConnection(socket: socket).ask(RawConnection.get(route.1, method: route.0))
            #expect(answer.status == 404)
            let body = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
            #expect(body["error"]?.hasPrefix("no such route: \(route.0) /") == true)
            #expect(body["mend"] != nil)
            #expect(backend.calls.isEmpty)
        }
    }

    @Test(arguments: ["x", "0ABCDEFGHJKM", "0ABCDEFGHJKMNP", "0ABCDEFGHJKMU", "ZZZZZZZZZZZZZ", "0ABCDEFGHJKM%2F"])
    func queueIDSyntaxIsChecked(_ text: String) async throws {
        let backend = ScriptedBackend()
        try await withServer(backend) { socket, _ in
            for (method, path) in [
                ("GET", "/v1/queue/\(text)"), ("POST", "/v1/queue/\(text)/delete"), ("POST", "/v1/queue/\(text)/hold"),
                ("POST", "/v1/queue/\(text)/flush"), ("GET", "/v1/queue/\(text)/message"), ("GET", "/v1/trace/\(text)"),
                ("GET", "/v1/queue?after=\(text)"),
            ] {
                let answer = try await RawConnection(socket: socket).ask(RawConnection.get(path, method: method))
                #expect(answer.status == 400, "\(method) \(path): \(answer.body)")
                #expect(answer.body.contains("is no queue ID"))
            }
        }
        #expect(backend.calls.isEmpty)
    }

    @Test(arguments: ["state=queud", "limit=0", "limit=501", "limit=x", "stat=held", "state=queued&&x=1"])
    func misspeltQueueQueryIsRefused(_ query: String) async throws {
        let backend = ScriptedBackend()
        try await withServer(backend) { socket, _ in
            try await #expect(RawConnection(socket: socket).ask(RawConnection.get("/v1/queue?\(query)")).status == 400)
        }
        #expect(backend.calls.isEmpty)
    }

    /// A filter that is not understood, or none at all, changes nothing.
    @Test(arguments: [
        "", "stat=held", "domian=a.example", "domain=", "older=2d", "older=-1", "all=yes", "state=queued", "state=delivered&all=true",
    ])
    func misspeltFilterIsRefused(_ query: String) async throws {
        let backend = ScriptedBackend()
        try await withServer(backend) { socket, _ in
            let answer = try await RawConnection(socket: socket).ask(RawConnection.get("/v1/copies/delete?\(query)", method: "POST"))
            #expect(answer.status == 400, "\(answer.body)")
        }
        #expect(backend.calls.isEmpty)
    }

    /// Which copies a deletion or release means, and that a misspelt state means none.
    @Test func statesAreChecked() async throws {
        let backend = ScriptedBackend()
        try await withServer(backend) { socket, _ in
            for (path, status) in [
                ("?state=quarantined", 200), ("", 200), ("?state=delivered", 400), ("?state=", 400), ("?state=held,x", 400),
                ("?stat=held", 400),
            ] {
                try await #expect(
                    RawConnection(socket: socket).ask(RawConnection.get("/v1/queue/\(id)/delete\(path)", method: "POST")).status == status)
            }
            try await #expect(
                RawConnection(socket: socket).ask(RawConnection.get("/v1/queue/\(id)/release?state=queued", method: "POST")).status
                    == 400)
            try await #expect(RawConnection(socket: socket).ask(RawConnection.get("/v1/queue/\(id)/release", method: "POST")).status == 409)
        }
        #expect(
            backend.calls == [
                "delete \(id) in quarantined", "delete \(id) in held+quarantined+queued", "release \(id) in held+quarantined",
            ])
    }

    @Test func oversizedBodyIsRefused() async throws {
        let backend = ScriptedBackend()
        let declared = String(repeating: "x", count: 20_000)
        // As one chunk of 0x4E20 bytes, with no length told beforehand.
        let chunked = "4e20\r\n\(declared)\r\n0\r\n\r\n"
        try await withServer(backend) { socket, _ in
            for request in [
                RawConnection.get("/v1/flush", method: "POST", headers: "Content-Length: 20000\r\n") + declared,
                RawConnection.get("/v1/flush", method: "POST", headers: "Transfer-Encoding: chunked\r\n") + chunked,
            ] {
                let answer = try await RawConnection(socket: socket).ask(request)
                #expect(answer.status == 413)
                #expect(answer.body.contains("larger than"))
            }
        }
        #expect(backend.calls.isEmpty)
    }

    @Test func oversizedHeadIsRefused() async throws {
        let backend = ScriptedBackend()
        try await withServer(backend) { socket, _ in
            let long = String(repeating: "x", count: 100_000)
            try await #expect(
                RawConnection(socket: socket).ask(RawConnection.get("/v1/flush", method: "POST", headers: "X: \(long)\r\n")).status
                    != 200)
            try await #expect(RawConnection(socket: socket).ask(RawConnection.get("/v1/flush?\(long)", method: "POST")).status != 200)
            try await #expect(RawConnection(socket: socket).ask("\r\n\u{1}\u{2} nonsense\r\n\r\n").status != 200)
            // And it still answers.
            try await #expect(RawConnection(socket: socket).ask(RawConnection.get("/health")).status == 200)
        }
        #expect(!backend.calls.contains("flush all"))
    }

    @Test func tcpAnswersHealthAndMetricsOnly() async throws {
        let backend = ScriptedBackend()
        try await withServer(backend, observation: .init(host: "127.0.0.1", port: 0)) { socket, port in
            let port = try #require(port)
            try await #expect(RawConnection(port: port).ask(RawConnection.get("/health")).status == 200)
            try await #expect(RawConnection(port: port).ask(RawConnection.get("/metrics")).status == 200)
            for (method, path) in [("POST", "/v1/flush"), ("GET", "/v1/queue"), ("POST", "/v1/reload"), ("GET", "/v1/status")] {
                try await #expect(RawConnection(port: port).ask(RawConnection.get(path, method: method)).status == 404)
            }
            #expect(backend.calls == ["status", "metrics"])
            try await #expect(RawConnection(socket: socket).ask(RawConnection.get("/v1/status")).status == 200)
        }
    }

    @Test func socketIsItsOwnersAlone() async throws {
        try await withServer(ScriptedBackend()) { socket, _ in
            var info = stat()
            #expect(lstat(socket, &info) == 0)
            #expect(info.st_mode & 0o777 == 0o600)
            #expect(lstat((socket as NSString).deletingLastPathComponent, &info) == 0)
            #expect(info.st_mode & 0o777 == 0o700)
        }
    }

    @Test func portInUseEndsTheServer() async throws {
        try await withServer(ScriptedBackend(), observation: .init(host: "127.0.0.1", port: 0)) { _, port in
            await #expect(throws: (any Error).self) {
                try await withServer(ScriptedBackend(), observation: .init(host: "127.0.0.1", port: port!)) { _, _ in }
            }
        }
    }
}
