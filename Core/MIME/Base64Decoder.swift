import Mail

/// Base64 as mail has it (RFC 2045 section 6.8): lines of any length, junk between. Flags whatever two readers could take differently: junk other than
/// white space, data behind padding, bits left over.
struct Base64Decoder {
    let padding: TransferDecoder.Base64Padding

    /// Of each byte, for each place in a group of four: its bits where they go, or the top bit for what is none of the alphabet.
    private struct Tables: @unchecked Sendable {
        // Sendable: never written after init.
        let word: UnsafePointer<UInt32>
        /// 0 to 63; 64 `=`; 65 white space; 66 junk.
        let value: UnsafePointer<UInt8>

        init() {
            let word = UnsafeMutablePointer<UInt32>.allocate(capacity: 1024)
            let value = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
            word.initialize(repeating: 1 << 31, count: 1024)
            value.initialize(repeating: 66, count: 256)
            for (i, byte) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
                value[Int(byte)] = UInt8(i)
                for place in 0..<4 {
                    // Three bytes in memory's order: the first is the highest of the group.
                    let bits = UInt32(i) << UInt32(18 - 6 * place)
                    word[256 * place + Int(byte)] = (bits >> 16 & 0xFF) | (bits & 0xFF00) | (bits & 0xFF) << 16
                }
            }
            value[0x3D] = 64
            for byte in [0x20, 0x09, 0x0A, 0x0D, 0x0B, 0x0C] { value[byte] = 65 }
            self.word = UnsafePointer(word)
            self.value = UnsafePointer(value)
        }
    }

    private static let tables = Tables()

    func decode(_ bytes: UnsafeRawBufferPointer, into sink: (UnsafeRawBufferPointer) -> Bool) -> PartFlags {
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return [] }
        let tables = Self.tables
        let (word, value) = (tables.word, tables.value)
        let count = bytes.count
        var chunk = DecodedChunk(upTo: count)
        var group = Group(padding: padding)
        var at = 0
        scan: while at < count {
            if chunk.isFull, !chunk.flush(into: sink) { return group.flags }
            if group.isFresh {
                var out = chunk.base + chunk.count
                // A step may write a little behind the chunk's end.
                let full = chunk.base + DecodedChunk.capacity
                while at &+ 8 <= count, out < full {
                    let p = start + at
                    let low = word[Int(p[0])] | word[256 + Int(p[1])] | word[512 + Int(p[2])] | word[768 + Int(p[3])]
                    let high = word[Int(p[4])] | word[256 + Int(p[5])] | word[512 + Int(p[6])] | word[768 + Int(p[7])]
                    UnsafeMutableRawPointer(out).storeBytes(of: UInt64(low) | UInt64(high) << 24, as: UInt64.self)
                    if (low | high) >> 31 == 0 {
                        out += 6
                        at &+= 8
                    } else if low >> 31 == 0 {
                        out += 3
                        at &+= 4
                    } else if p[0] == 0x0D, p[1] == 0x0A {
                        at &+= 2
                    } else if p[0] == 0x0A {
                        at &+= 1
                    } else {
                        break
                    }
                }
                if out > chunk.base + chunk.count { group.hasData = true }
                chunk.count = out - chunk.base
                if at >= count || chunk.isFull { continue }
            }
            let byte = value[Int(start[at])]
            at += 1
            switch byte {
            case 0..<64: if !group.add(UInt32(byte), &chunk) { break scan }
            case 64: group.pad(&chunk)
            case 65: break
            default: group.flags.insert(.badBase64)
            }
        }
        group.finish(&chunk)
        chunk.finish(into: sink)
        return group.flags
    }
}

extension Base64Decoder {
    /// The group of four that is being read, and what padding there was: the slow path, for all that is not a clean run of groups.
    struct Group {
        let padding: TransferDecoder.Base64Padding
        var flags: PartFlags = []
        /// Anything was decoded yet.
        var hasData = false
        private var bits: UInt32 = 0
        /// Places that are taken, and those that hold bits.
        private var places = 0
        private var held = 0
        /// Padding was read: data behind it is read differently.
        private var isPadded = false
        /// Padding that belongs to the group that it ended.
        private var padsLeft = 0
        /// `.zero`: how many places at the group's end are padding, and bytes that are data only if data follows.
        private var zeros = 0
        private var withheld: UInt32 = 0
        private var withheldCount = 0

        init(padding: TransferDecoder.Base64Padding) { self.padding = padding }

        var isFresh: Bool { places == 0 && !isPadded }

        /// False: the data has ended.
        mutating func add(_ value: UInt32, _ chunk: inout DecodedChunk) -> Bool {
            if isPadded {
                flags.insert(.badBase64)
                if padding == .ends {
                    padsLeft = 0
                    return false
                }
                isPadded = false
                padsLeft = 0
            }
            release(&chunk)
            bits = bits << 6 | value
            places += 1
            held += 1
            zeros = 0
            if places == 4 { emit(&chunk) }
            return true
        }

        mutating func pad(_ chunk: inout DecodedChunk) {
            if isPadded, places == 0, padsLeft > 0 {
                padsLeft -= 1
                return
            }
            if places < 2 { flags.insert(.badBase64) }
            switch padding {
            case .ends, .groups:
                padsLeft = places < 2 ? 0 : 3 - places
                isPadded = isPadded || hasData || places > 0
                emit(&chunk)
            case .fills:
                isPadded = isPadded || hasData || places > 0
                places += 1
                if places == 4 { emit(&chunk) }
            case .zero:
                bits <<= 6
                places += 1
                held += 1
                zeros += 1
                isPadded = true
                if places == 4 { emit(&chunk) }
            }
        }

        mutating func finish(_ chunk: inout DecodedChunk) {
            if padsLeft > 0 || held > 0 || places > 0 { flags.insert(.badBase64) }
            if padding != .zero || zeros == 0 { emit(&chunk) }
        }

        /// Whole bytes of the places that hold bits.
        private mutating func emit(_ chunk: inout DecodedChunk) {
            let word = bits << UInt32(6 * (4 - held))
            let count = max(0, held - 1)
            let kept = max(0, count - zeros)
            for i in 0..<kept { chunk.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - 8 * i))) }
            if kept > 0 { hasData = true }
            if kept < count {
                release(&chunk)
                withheld = word << UInt32(8 * kept)
                withheldCount = count - kept
            }
            (bits, places, held, zeros) = (0, 0, 0, 0)
        }

        private mutating func release(_ chunk: inout DecodedChunk) {
            for i in 0..<withheldCount { chunk.append(UInt8(truncatingIfNeeded: withheld >> UInt32(16 - 8 * i))) }
            withheldCount = 0
        }
    }
}
