import Mail
import NIOCore
import NIOHTTP1

/// Puts an answer together from its parts, within what was asked for. Pure.
struct ResponseBuilder {
    enum Step: Equatable {
        case more
        /// Complete. `keeps`: the connection may take another request.
        case done(keeps: Bool)
        case broken(String)
    }

    private let mostBytes: Int
    private let mostFields: Int
    private var answer = HTTPAnswer(.answered)
    private var keeps = false
    private var hasHead = false

    init(_ request: HTTPRequest, mostFields: Int) {
        mostBytes = request.mostBytes
        self.mostFields = mostFields
    }

    /// Complete once a step was `done`.
    var result: HTTPAnswer { answer }
    /// The server has said something.
    var hasBegun: Bool { hasHead }

    mutating func take(_ part: HTTPClientResponsePart) -> Step {
        switch part {
        case .head(let head):
            guard !hasHead else { return .broken("the server sent two answers") }
            hasHead = true
            guard (200...599).contains(head.status.code) else { return .broken("the server answered \(head.status.code)") }
            guard head.headers.count <= mostFields else { return .broken("more than \(mostFields) fields in the answer's header") }
            answer.code = Int(head.status.code)
            answer.headers = head.headers.map { HTTPHeader($0.name, $0.value) }
            keeps = head.isKeepAlive
            return .more
        case .body(let bytes):
            let room = mostBytes - answer.body.count
            answer.body.append(contentsOf: bytes.readableBytesView.prefix(room))
            if bytes.readableBytes <= room { return .more }
            answer.isTruncated = true
            return .done(keeps: false)
        case .end:
            guard hasHead else { return .broken("the server's answer has no head") }
            return .done(keeps: keeps)
        }
    }
}
