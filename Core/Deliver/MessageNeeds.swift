import Mail

/// What a message asks of the server that takes it, seen from its bytes.
enum MessageNeeds {
    /// UTF-8 in an address or in the header (RFC 6531 section 3.2): bodies are 8BITMIME's business.
    static func smtpUTF8(_ job: DeliveryJob) -> Bool {
        let isASCII = { (text: String) in text.utf8.allSatisfy { $0 < 128 } }
        guard isASCII(job.reversePath.description), job.recipients.allSatisfy({ isASCII($0.address.description) }),
            isASCII(job.addedHeaders)
        else { return true }
        var lineIsEmpty = true
        for byte in job.region.bytes {
            if byte >= 128 { return true }
            if byte == 10 {
                if lineIsEmpty { return false }
                lineIsEmpty = true
            } else if byte != 13 {
                lineIsEmpty = false
            }
        }
        return false
    }

    /// Bytes beyond ASCII anywhere (RFC 6152), whatever BODY= said. One pass.
    static func eightBit(_ job: DeliveryJob) -> Bool {
        job.addedHeaders.utf8.contains { $0 >= 0x80 } || hasEightBit(job.region.bytes)
    }

    static func hasEightBit(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let step = MemoryLayout<SIMD16<UInt8>>.size
        let top = SIMD16<UInt8>(repeating: 0x80)
        var at = 0
        while at + step <= bytes.count {
            if (bytes.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self) & top).max() != 0 { return true }
            at += step
        }
        return bytes[at...].contains { $0 >= 0x80 }
    }
}
