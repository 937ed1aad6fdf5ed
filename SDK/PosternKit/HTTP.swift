import CPostern

/// A request to a server that the manifest's `egress` names (`postern.http/1`).
public struct HTTPRequest: Hashable, Sendable {
    /// GET HEAD POST PUT PATCH DELETE OPTIONS
    public var method: String
    public var url: String
    public var headers: [HTTPHeader]
    public var body: [UInt8]
    /// nil: 10 seconds; at most 120.
    public var timeout: Duration?
    /// Of the answer's body; nil: 64 KiB; at most 1 MiB.
    public var mostBytes: Int?

    public init(
        _ method: String = "GET", _ url: String, headers: [HTTPHeader] = [], body: [UInt8] = [], timeout: Duration? = nil,
        mostBytes: Int? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.mostBytes = mostBytes
    }
}

public struct HTTPHeader: Hashable, Sendable {
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The server's own answer, whatever its code.
public struct HTTPResponse: Hashable, Sendable {
    public var code: Int
    public var headers: [HTTPHeader]
    public var body: [UInt8]
    /// The body goes on.
    public var isTruncated: Bool

    /// The first field of this name, in any case.
    public func field(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
}

/// There is no answer.
public struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    public var reason: Reason
    public var detail: String

    /// `refused`: not asked at all.
    public enum Reason: Hashable, Sendable { case failed, timeout, refused, cancelled }

    public var description: String { "http: \(reason): \(detail)" }
}

extension Call {
    /// Asks, and waits for the answer.
    public func http(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        guard let http = host.http else { throw HTTPError(reason: .refused, detail: "this host has no \(POSTERN_EXT_HTTP)") }
        var id: [UInt64] = [0]
        let status = Block.lend { block in
            var raw = postern_http_request()
            raw.size = UInt32(MemoryLayout<postern_http_request>.size)
            raw.method = block.text(request.method)
            raw.url = block.text(request.url)
            raw.headers = block.array(request.headers.map { postern_http_header(name: block.text($0.name), value: block.text($0.value)) })
            raw.header_count = UInt32(request.headers.count)
            raw.header_size = UInt32(MemoryLayout<postern_http_header>.stride)
            raw.body = block.bytes(request.body)
            raw.timeout = request.timeout?.inMicroseconds ?? 0
            raw.most_bytes = UInt64(max(0, request.mostBytes ?? 0))
            return http.pointee.request(self.raw, &raw, &id)
        }
        switch status {
        case POSTERN_OK: break
        case POSTERN_FORBIDDEN: throw HTTPError(reason: .refused, detail: "the manifest's egress does not name \(request.url)")
        default: throw HTTPError(reason: .refused, detail: "the host refused the request (status \(status))")
        }
        let results = await results(of: id) { Self.response($0) }
        guard let result = results[0] else { throw HTTPError(reason: .cancelled, detail: "the run was cancelled") }
        return try result.get()
    }

    private static func response(_ completion: postern_completion) -> Result<HTTPResponse, HTTPError> {
        guard completion.status == POSTERN_OK, let result = completion.result?.assumingMemoryBound(to: postern_http_response.self) else {
            return .failure(HTTPError(reason: .failed, detail: "no answer (status \(completion.status))"))
        }
        let c = result.pointee
        switch c.status {
        case POSTERN_HTTP_ANSWERED: break
        case POSTERN_HTTP_TIMEOUT: return .failure(HTTPError(reason: .timeout, detail: c.detail.text))
        case POSTERN_HTTP_REFUSED: return .failure(HTTPError(reason: .refused, detail: c.detail.text))
        default: return .failure(HTTPError(reason: .failed, detail: c.detail.text))
        }
        var headers: [HTTPHeader] = []
        for i in 0..<Int(c.header_count) {
            guard let base = c.headers else { break }
            let header = UnsafeRawPointer(base).load(fromByteOffset: i * Int(c.header_size), as: postern_http_header.self)
            headers.append(HTTPHeader(header.name.text, header.value.text))
        }
        return .success(
            HTTPResponse(
                code: Int(c.code), headers: headers, body: Array(c.body.buffer), isTruncated: c.flags & POSTERN_HTTP_TRUNCATED != 0))
    }
}
