/// Which servers a job may go to.
public enum Route: Hashable, Sendable {
    /// These, sorted by preference; never empty.
    case nextHops([NextHop])
    /// Those that the DNS names for a mail domain (RFC 5321 section 5.1), in lower case and A-labels, or the address literal with its
    /// brackets; port 25.
    case mx(String, tls: NextHop.TLSMode)
}
