/// The gateway's version, as `postern --version` and the status show it.
public enum Version {
    public static let text = "0.1.0"
}
