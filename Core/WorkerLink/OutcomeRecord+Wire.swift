import Mail

/// What became of a copy, as it crosses to a worker.
extension WireWriter {
    mutating func outcome(_ record: OutcomeRecord) {
        u32(record.kind.rawValue)
        u8(UInt8(record.phase.rawValue))
        i64(record.time.microseconds)
        text(record.status)
        text(record.text)
        text(record.nextHop)
        u32(UInt32(clamping: record.attempts))
        number(record.score)
        list(record.symbols) {
            $0.text($1.name)
            $0.number($1.score)
        }
    }
}

extension WireReader {
    mutating func outcome() throws(WireFault) -> OutcomeRecord {
        guard let kind = OutcomeRecord.Kind(rawValue: try u32()), let phase = Phase(rawValue: Int(try u8())) else {
            throw WireFault("an unknown outcome")
        }
        return OutcomeRecord(
            kind, in: phase, at: Timestamp(microseconds: try i64()), status: try text(), text: try text(), nextHop: try text(),
            attempts: Int(try u32()), score: try number(),
            symbols: try list(most: 1 << 12) { (reader) throws(WireFault) in .init(name: try reader.text(), score: try reader.number()) })
    }
}
