/// What is fuzzed: each target takes any bytes, does with them what the gateway does with a peer's, and throws a `Finding` when something
/// that must always hold did not. The same functions run under libFuzzer (`make fuzz`) and over all kept inputs in `make test`.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// One command line.
    case command
    /// One mailbox, beside a second reading of the grammar.
    case address
    /// A next hop's replies, into the reply parser and the whole client machine.
    case reply
    /// A message's bytes after DATA or in chunks, in pieces, beside a second reading of where it ends.
    case data
    /// The header of the PROXY protocol.
    case proxy
    /// A client's whole session with random answers.
    case session
    /// A message's header fields, and the forged ones among them.
    case header
    /// A DSN about what strangers say, are called and send.
    case notification
    /// A sender's address, rewritten and read back.
    case rewriting
    /// A message's parts, all of them decoded.
    case mime
    /// The fields of MIME, with their parameters.
    case parameters
    /// Header text with encoded words.
    case words
    /// Text in a charset.
    case charset
    /// Transfer encodings.
    case transfer
    /// A page of HTML.
    case html
    /// Addresses, and text that holds some.
    case url
    /// A message, edited.
    case edit
    /// Bytes whose type is to be told.
    case types
    /// Text with format=flowed.
    case flowed
    /// A message taken apart for filters, as far as each needs it.
    case extract

    public func run(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        switch self {
        case .command: try CommandTarget.run(bytes)
        case .address: try AddressTarget.run(bytes)
        case .reply: try ReplyTarget.run(bytes)
        case .data: try DataTarget.run(bytes)
        case .proxy: try ProxyTarget.run(bytes)
        case .session: try SessionTarget.run(bytes)
        case .header: try HeaderTarget.run(bytes)
        case .notification: try NotificationTarget.run(bytes)
        case .rewriting: try RewritingTarget.run(bytes)
        case .mime: try TreeTarget.run(bytes)
        case .parameters: try ParametersTarget.run(bytes)
        case .words: try WordsTarget.run(bytes)
        case .charset: try CharsetTarget.run(bytes)
        case .transfer: try TransferTarget.run(bytes)
        case .html: try HTMLTarget.run(bytes)
        case .url: try URLTarget.run(bytes)
        case .edit: try EditTarget.run(bytes)
        case .types: try TypesTarget.run(bytes)
        case .flowed: try FlowedTarget.run(bytes)
        case .extract: try ExtractTarget.run(bytes)
        }
    }

    /// Whether the input is much larger when it is read: most targets repeat pieces of some.
    public func isGrown(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .mime, .parameters, .words, .charset, .transfer, .html, .url, .types, .flowed, .extract: Growth.isGrown(bytes)
        default: false
        }
    }
}

/// Something that must always hold did not.
public struct Finding: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws(Finding) {
    if !condition { throw Finding(what()) }
}
