import Mail

/// `http/1` as it crosses. What comes from a worker is held to `HTTPRequest.objection`; where it may go, the gateway knows by itself.
extension WireWriter {
    mutating func http(_ request: HTTPRequest) {
        text(request.method)
        text(request.url.description)
        headers(request.headers)
        raw(request.body)
        i64(request.timeout.microseconds)
        u32(UInt32(clamping: request.mostBytes))
    }

    private mutating func headers(_ headers: [HTTPHeader]) {
        list(headers) {
            $0.text($1.name)
            $0.text($1.value)
        }
    }

    mutating func answer(_ answer: HTTPAnswer) {
        u8(UInt8(answer.status.rawValue))
        u32(UInt32(clamping: answer.code))
        headers(answer.headers)
        raw(answer.body)
        flag(answer.isTruncated)
        text(answer.detail)
    }
}

extension WireReader {
    mutating func http() throws(WireFault) -> HTTPRequest {
        let method = try text(most: 16)
        guard let url = HTTPURL(try text(most: HTTPURL.mostBytes)) else { throw WireFault("a bad URL") }
        let request = HTTPRequest(
            method: method, url: url, headers: try headers(most: HTTPRequest.Most.headers), body: try raw(most: HTTPRequest.Most.bodyBytes),
            timeout: .microseconds(try i64()), mostBytes: Int(try u32()))
        if let objection = request.objection { throw WireFault(objection.rawValue) }
        return request
    }

    private mutating func headers(most: Int) throws(WireFault) -> [HTTPHeader] {
        try list(most: most) { (reader) throws(WireFault) in HTTPHeader(try reader.text(), try reader.text()) }
    }

    mutating func httpAnswer() throws(WireFault) -> HTTPAnswer {
        guard let status = HTTPAnswer.Status(rawValue: Int32(try u8())) else { throw WireFault("an unknown status") }
        var answer = HTTPAnswer(status)
        answer.code = Int(try u32())
        answer.headers = try headers(most: 1 << 12)
        answer.body = try raw()
        answer.isTruncated = try flag()
        answer.detail = try text()
        return answer
    }
}
