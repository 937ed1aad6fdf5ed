import Mail

/// XCLIENT: a trusted peer tells whose session this is. Nothing that was said before holds for that client.
extension ServerMachine {
    mutating func become(_ attributes: [ClientAttribute]) -> ServerAction {
        guard options.allowsXCLIENT else { return refuse(ServerReply.notTrusted) }
        guard transaction == nil else { return refuse(ServerReply.nestedMail) }
        let peer = facts.via ?? facts.client
        facts.helo = nil
        facts.isESMTP = false
        facts.login = nil
        facts.clientName = nil
        for attribute in attributes {
            switch attribute {
            case .address(let address):
                facts.client = address
                facts.via = peer
            case .port(let port): facts.clientPort = port
            case .name(let name): facts.clientName = name
            // The client's own command follows, and says it again.
            case .helo, .isExtended: break
            case .login(let login): if options.authentication != .off { facts.login = login }
            }
        }
        session = Session()
        state = .new
        return .restart
    }
}
