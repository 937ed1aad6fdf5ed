import CPostern
import Mail

/// `postern.http/1`, as C calls it.
extension PluginRun {
    func request(_ raw: UnsafePointer<postern_http_request>?, _ operation: UnsafeMutablePointer<UInt64>?) -> postern_status {
        guard let raw, raw.pointee.size >= MemoryLayout<postern_http_request>.size else { return POSTERN_INVALID }
        return begin(1, operation) { _ throws(Refusal) in
            let request = try Self.request(raw.pointee)
            switch request.objection {
            case nil: break
            case .tooLong: throw .limit
            case .senseless: throw .invalid
            }
            guard egress.reach(of: request.url.origin) != nil else {
                note(.egress, "no egress to \(request.url.origin)")
                throw .forbidden
            }
            return .http(request)
        }
    }

    private static func request(_ raw: postern_http_request) throws(Refusal) -> HTTPRequest {
        guard raw.flags == 0, raw.header_count == 0 || raw.headers != nil else { throw .invalid }
        let method = try text(raw.method, 16)
        guard let url = HTTPURL(try text(raw.url, HTTPURL.mostBytes)) else { throw .invalid }
        guard raw.header_count <= UInt32(HTTPRequest.Most.headers) else { throw .limit }
        guard
            raw.header_count == 0 || Int(raw.header_size) >= MemoryLayout<postern_http_header>.size && raw.header_size % 8 == 0
        else { throw .invalid }
        var headers: [HTTPHeader] = []
        for i in 0..<Int(raw.header_count) {
            let header = UnsafeRawPointer(raw.headers!).load(fromByteOffset: i * Int(raw.header_size), as: postern_http_header.self)
            headers.append(
                HTTPHeader(
                    try text(header.name, HTTPRequest.Most.headerBytes), try text(header.value, HTTPRequest.Most.headerBytes)))
        }
        guard raw.timeout <= UInt64(HTTPRequest.Most.timeout.microseconds), raw.most_bytes <= UInt64(HTTPRequest.Most.answerBytes) else {
            throw .limit
        }
        return HTTPRequest(
            method: method.isEmpty ? "GET" : method, url: url, headers: headers, body: try bytes(raw.body, HTTPRequest.Most.bodyBytes),
            timeout: raw.timeout == 0 ? HTTPRequest.usualTimeout : .microseconds(Int64(raw.timeout)),
            mostBytes: raw.most_bytes == 0 ? HTTPRequest.usualAnswerBytes : Int(raw.most_bytes))
    }

    private static func text(_ raw: postern_bytes, _ most: Int) throws(Refusal) -> String {
        guard raw.length <= UInt64(most) else { throw .limit }
        guard raw.length == 0 || raw.data != nil, let text = String(validating: raw.buffer, as: UTF8.self) else { throw .invalid }
        return text
    }
}
