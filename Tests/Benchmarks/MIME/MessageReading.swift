import MIME
import Mail

/// A message taken apart to the end: its tree, every leaf decoded into nothing, what is in encoded messages taken apart too.
struct MessageReading {
    private(set) var tree: MessageTree
    private(set) var decoded = 0

    /// Further readings of the same bytes are decoded as well, up to four times the message.
    init(_ message: UnsafeRawBufferPointer) {
        tree = MessageTree(message)
        var room = 4 * message.count + (1 << 20)
        var made: [UInt8] = []
        var index = 0
        while index < tree.parts.count, room > 0 {
            defer { index += 1 }
            guard tree.parts[index].content.kind == .leaf else { continue }
            let raw = tree.parts[index].content.raw
            let decoder = tree.parts[index].decoder
            if tree.isDivisible(index) {
                let start = made.count
                made.withUnsafeBytes { made in
                    let whole = raw.region == 0 ? message : made
                    return decoder.decoded(UnsafeRawBufferPointer(rebasing: whole[raw.range]), most: room).bytes
                }.withUnsafeBytes { bytes in
                    made.append(contentsOf: bytes)
                    decoded += bytes.count
                    room -= bytes.count
                    tree.append(decoded: bytes, region: 1, base: start, of: index)
                }
            } else {
                made.withUnsafeBytes { made in
                    let whole = raw.region == 0 ? message : made
                    _ = decoder.decode(UnsafeRawBufferPointer(rebasing: whole[raw.range])) { chunk in
                        decoded += chunk.count
                        room -= chunk.count
                        return room > 0
                    }
                }
            }
        }
    }
}
