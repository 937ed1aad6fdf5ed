import NIOCore

/// The message on its way: as much as the socket takes; it goes on when that is writable again.
extension NextHopConnection {
    /// After DATA.
    func sendPieces() {
        while let context, writer != nil, context.channel.isWritable {
            guard let (piece, isLast) = writer?.next(context.channel.allocator) else { return }
            if isLast {
                writer = nil
                machine.messageSent()
            }
            extendDeadline()
            context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
        }
    }

    /// Behind BDAT. A small message goes in one write with what comes before it.
    func sendChunk(_ commands: [UInt8], _ count: Int) {
        guard let work else { return }
        if chunks == nil { chunks = ChunkWriter(addedHeaders: work.addedHeaders, region: work.region) }
        chunkLeft = count
        sendChunkPieces(commands)
    }

    func sendChunkPieces(_ commands: [UInt8]) {
        var commands = commands
        while let context, let left = chunkLeft, context.channel.isWritable || !commands.isEmpty {
            let count = left <= MessageWriter.mostAtOnce ? left : MessageWriter.pieceBytes
            var piece = context.channel.allocator.buffer(capacity: commands.count + count)
            piece.writeBytes(commands)
            commands = []
            chunks?.write(count, to: &piece)
            chunkLeft = left - count
            if left == count {
                chunkLeft = nil
                machine.messageSent()
            }
            extendDeadline()
            context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
        }
    }
}
