import Glibc

/// The configuration with which `postern run` begins when there is none: loopback only, DNS from a file, so that nothing leaves the machine.
public enum DemonstrationSettings {
    /// Where the gateway listens, and where it delivers: the sink that the command starts.
    public static let listenPort = 2525
    public static let sinkPort = 2526

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Writes the files into `folder` (made with its parents), each unless it is there: what the user edited stays.
    /// `hasPlugin` says which of the demonstration's filters are installed; the others are left out.
    public static func write(to folder: String, pluginFolders: [String], hasPlugin: (String) -> Bool) throws(Failure) {
        try makeFolder(folder + "/domains")
        try write(gateway(pluginFolders, hasPlugin), to: folder + "/postern.yaml")
        try write(domain(hasPlugin), to: folder + "/domains/example.com.yaml")
        try write(zone, to: folder + "/zone.json")
    }

    static func gateway(_ pluginFolders: [String], _ hasPlugin: (String) -> Bool) -> String {
        """
        # Postern's demonstration: everything stays on this machine. Edit, and the running gateway takes the change.
        hostname: postern.localhost
        listen:
          - {address: 127.0.0.1, port: \(listenPort), role: inbound}
        data: ../data
        control: ../postern.sock
        plugins: [\(pluginFolders.map(quoted).joined(separator: ", "))]
        dns: {file: zone.json}        # answers from a file; nothing is asked anywhere
        \(hasPlugin("rbl") ? """
        edge:                         # filters that look at the client; domains weigh what they find
          - rbl: {ask_private: true, zones: {rbl.example: {127.0.0.2: 4}}}
        """ : "edge: []")

        """
    }

    static func domain(_ hasPlugin: (String) -> Bool) -> String {
        """
        domain: example.com
        deliver_to: [{host: 127.0.0.1, port: \(sinkPort), tls: never}]
        recipients: any
        filters:                      # run in this order; a list inside the list runs together
        \(hasPlugin("hello-c") ? "  - hello-c" : "  []")
        thresholds: {tag: 3, quarantine: 7, reject: 20}

        """
    }

    /// 127.0.0.1 is not listed and 127.0.0.2 is, as RFC 5782 section 5 asks of every list: connect from 127.0.0.2 to be found.
    static let zone = """
        {
          "2.0.0.127.rbl.example": {"A": ["127.0.0.2"], "TXT": ["test entry"]},
          "example.com": {"MX": [[10, "mail.example.com"]], "TXT": ["v=spf1 -all"]},
          "mail.example.com": {"A": ["127.0.0.1"]}
        }

        """

    /// A path as a YAML text in quotes.
    private static func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }

    private static func makeFolder(_ path: String) throws(Failure) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += part + "/"
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw failure(made) }
        }
    }

    private static func write(_ text: String, to path: String) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        if descriptor < 0, errno == EEXIST { return }
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw failure(path) }
    }

    private static func failure(_ path: String) -> Failure {
        Failure(description: "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
