import NIOCore

/// The message on its way: as much as the socket takes; it goes on when that is writable again.
extension NextHopConnection {
    /// After DATA.
    func sendPieces() {
        while let context, writer != nil, context.channel.isWritable {
            guard let (piece, isLast) = writer?.next(context.channel.allocator) else { return }
            if isLast { writer = nil }
            extendDeadline()
            write(piece, isLast: isLast, context)
        }
    }

    /// Behind BDAT.
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
            if left == count { chunkLeft = nil }
            extendDeadline()
            write(piece, isLast: left == count, context)
        }
    }

    /// The last piece counts as sent once the kernel has it: what is said before that answers nothing.
    private func write(_ piece: ByteBuffer, isLast: Bool, _ context: ChannelHandlerContext) {
        guard isLast else { return context.writeAndFlush(wrapOutboundOut(piece), promise: nil) }
        let written = loop.makePromise(of: Void.self)
        written.futureResult.whenSuccess { self.messageWritten() }
        context.writeAndFlush(wrapOutboundOut(piece), promise: written)
    }
}
