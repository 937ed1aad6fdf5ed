import Mail

extension MappingReader {
    /// A list of networks: addresses, or `address/prefix`. Nothing or an absent key is an empty one.
    func networks(_ key: String) -> [IPNetwork] {
        list(key).compactMap { item in
            guard let text = item.text else {
                problems.error(item.place, "a network must be an address, not \(item.word)", mend: "write `192.0.2.0/24`")
                return nil
            }
            if let network = IPNetwork(text) { return network }
            let parts = text.split(separator: "/", maxSplits: 1)
            if parts.count == 2, let address = IPAddress(parts[0]), let prefix = Int(parts[1]),
                (0...(address.isIPv4 ? 32 : 128)).contains(prefix)
            {
                problems.error(
                    item.place, "`\(text.shortened)` has bits behind its prefix", mend: "write `\(IPNetwork(address, prefix: prefix))`")
            } else {
                problems.error(
                    item.place, "`\(text.shortened)` is no network", mend: "write `192.0.2.0/24`, `\"2001:db8::/32\"` or one address")
            }
            return nil
        }
    }
}
