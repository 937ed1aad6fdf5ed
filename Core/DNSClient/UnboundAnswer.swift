/// What libunbound found, in the words of `DNSAnswer`.
import CUnbound
import Mail

extension DNSAnswer {
    /// `isAnchored`: there is a trust anchor, so that "not secure" means proven insecure.
    init(_ code: Int32, _ result: UnsafeMutablePointer<ub_result>?, isAnchored: Bool) {
        guard code == 0, let result = result?.pointee else {
            self.init(status: .failed, security: .indeterminate, detail: "libunbound: \(String(cString: ub_strerror(code)))")
            return
        }
        if result.bogus != 0 {
            let why = result.why_bogus.map { String(cString: $0) } ?? "validation failed"
            self.init(status: .failed, security: .bogus, detail: "bogus: \(why)")
            return
        }
        let security: Security = result.secure != 0 ? .secure : isAnchored ? .insecure : .indeterminate
        let ttl = UInt32(max(result.ttl, 0))
        let name = result.canonname.map { Self.withoutFinalDot(String(cString: $0)) }
        switch (result.rcode, result.havedata != 0) {
        case (0, true):
            self.init(status: .found, security: security, records: Self.records(of: result), ttl: ttl, canonicalName: name)
        case (0, false): self.init(status: .noData, security: security, ttl: ttl, canonicalName: name)
        case (3, _): self.init(status: .nameError, security: security, ttl: ttl, canonicalName: name)
        default: self.init(status: .failed, security: .indeterminate, detail: Self.word(forCode: result.rcode))
        }
    }

    private static func records(of result: ub_result) -> [[UInt8]] {
        var out: [[UInt8]] = []
        guard let data = result.data, let lengths = result.len else { return out }
        var i = 0
        while let bytes = data[i] {
            out.append(Array(UnsafeRawBufferPointer(start: bytes, count: Int(lengths[i]))))
            i += 1
        }
        return out
    }

    private static func withoutFinalDot(_ name: String) -> String { name.utf8.last == UInt8(ascii: ".") ? String(name.dropLast()) : name }

    /// RFC 1035 section 4.1.1, RFC 2136 section 2.2.
    private static func word(forCode code: Int32) -> String {
        switch code {
        case 1: "FORMERR"
        case 2: "SERVFAIL"
        case 4: "NOTIMP"
        case 5: "REFUSED"
        default: "response code \(code)"
        }
    }
}
