/// Answers from a zone file, so that nothing leaves the machine: for `scan --dns`, the demonstration and tests.
import Dispatch
import Foundation
import Mail
import Synchronization

public final class ScriptedResolver: Resolver {
    public let zone: ScriptedZone
    private let delay: Duration
    private let timeoutDelay: Duration
    private let queue = DispatchQueue(label: "scripted-dns")

    /// `delay` holds every answer back, `timeoutDelay` those that are a timeout; zero: they come at once.
    public init(_ zone: ScriptedZone, delay: Duration = .zero, timeoutDelay: Duration = .zero) {
        self.zone = zone
        self.delay = delay
        self.timeoutDelay = timeoutDelay
    }

    /// From a file. Errors say the file and the place in it.
    public convenience init(file: String) throws(ResolverSetupError) {
        self.init(try ScriptedZone(file: file))
    }

    /// From what would stand in the file: for tests.
    public convenience init(text: String, delay: Duration = .zero, timeoutDelay: Duration = .zero) throws(ResolverSetupError) {
        self.init(try ScriptedZone(text: text), delay: delay, timeoutDelay: timeoutDelay)
    }

    /// Completions come on the resolver's own queue, in order unless there is a delay.
    @discardableResult
    public func resolve(_ question: DNSQuestion, completion: @escaping @Sendable (DNSAnswer) -> Void) -> any DNSQuery {
        let answer = zone.answer(question)
        let query = ScriptedQuery(completion)
        let wait = answer.status == .timeout ? max(delay, timeoutDelay) : delay
        if wait > .zero {
            queue.asyncAfter(deadline: .now() + .microseconds(Int(wait.microseconds))) { query.finish(answer) }
        } else {
            queue.async { query.finish(answer) }
        }
        return query
    }
}

/// Finishes once: with its answer, or with `.cancelled`.
private final class ScriptedQuery: DNSQuery {
    private let completion: Mutex<(@Sendable (DNSAnswer) -> Void)?>

    init(_ completion: @escaping @Sendable (DNSAnswer) -> Void) { self.completion = Mutex(completion) }

    func cancel() { finish(DNSAnswer(status: .cancelled, security: .indeterminate)) }

    func finish(_ answer: DNSAnswer) {
        let completion = completion.withLock { held in
            defer { held = nil }
            return held
        }
        completion?(answer)
    }
}

extension ScriptedZone {
    /// Largest zone file, in bytes.
    private static let largestFile = 64 << 20

    public init(file: String) throws(ResolverSetupError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw ResolverSetupError("\(file): \((error as NSError).localizedDescription)")
        }
        guard data.count <= Self.largestFile else { throw ResolverSetupError("\(file): larger than 64 MiB") }
        do { self = try ScriptedZone(json: data) } catch { throw ResolverSetupError("\(file): \(error.text)") }
    }

    public init(text: String) throws(ResolverSetupError) { self = try ScriptedZone(json: Data(text.utf8)) }

    private init(json data: Data) throws(ResolverSetupError) {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: data) else {
            throw ResolverSetupError("not JSON: \(Self.mistake(in: data))")
        }
        self = try ScriptedZone(json)
    }

    /// JSONDecoder keeps to itself where the mistake is; JSONSerialization names the byte.
    private static func mistake(in data: Data) -> String {
        do {
            _ = try JSONSerialization.jsonObject(with: data)
            return "not a document that can be read"
        } catch {
            let text = (error as NSError).userInfo["NSDebugDescription"] as? String ?? "\(error)"
            guard let byte = text.split(whereSeparator: { !$0.isNumber }).last.flatMap({ Int($0) }) else { return text }
            return "line \(data.prefix(byte).count { $0 == 10 } + 1): \(text)"
        }
    }
}
