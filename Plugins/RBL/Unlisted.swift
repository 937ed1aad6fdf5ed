import PosternKit

extension Network {
    /// Loopback, private, link-local, shared and unspecified: no list knows anything of them.
    static let unlisted: [Network] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "::/128", "::1/128",
        "fc00::/7", "fe80::/10",
    ].compactMap { Network($0) }
}
