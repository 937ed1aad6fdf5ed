import Hummingbird
import Mail
import NIOCore

/// Refuses what is too large, and turns every error of a route into its status and `{"error": ..., "mend": ...}`. The one place for both.
struct FailureResponses: RouterMiddleware {
    typealias Context = BasicRequestContext

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let failure: ControlFailure
        do {
            var request = request
            // Also refuses a body that says less about its length than comes.
            _ = try await request.collectBody(upTo: ControlLimits.requestBody)
            return try await next(request, context)
        } catch let thrown as ControlFailure {
            failure = thrown
        } catch is NIOTooManyBytesError {
            failure = ControlFailure(.tooLarge, "the request's body is larger than \(ControlLimits.requestBody) bytes")
        } catch let thrown as HTTPError where thrown.status == .notFound {
            failure = ControlFailure(
                .notFound, "no such route: \(request.method.rawValue) \(request.uri.path.prefix(200))",
                mend: "the routes are listed in Core/Control/README.md")
        } catch is CancellationError {
            failure = ControlFailure(.unavailable, "the gateway is stopping", mend: "ask again when it is up")
        } catch {
            failure = ControlFailure(.failed, "\(error)", mend: "the gateway's log tells more")
        }
        return try .json(ControlFailureBody(failure), status: .init(code: failure.kind.rawValue))
    }
}

extension Response {
    /// A message's bytes, a piece at a time: the second copy of a large one is a piece.
    static func message(_ region: Region) -> Response {
        let body = ResponseBody(contentLength: region.count) { writer in
            var at = 0
            while at < region.count {
                let end = min(at + 256 << 10, region.count)
                let piece = withExtendedLifetime(region) { ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: region.bytes[at..<end])) }
                try await writer.write(piece)
                at = end
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "message/rfc822"], body: body)
    }

    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let bytes = try ControlJSON.encode(value)
        return Response(
            status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
