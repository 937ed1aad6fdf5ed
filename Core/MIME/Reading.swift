/// How an entity is read: the first reading has none of these.
struct Reading: Hashable {
    /// Also for what is in it.
    var header: PartHeader.Mode = []
    /// Lines that begin with a boundary are one, and a closing one does not close. Also for what is in it.
    var isLenient = false
    /// Which of several Content-Type fields counts.
    var type = 0
    /// It is a multipart with this boundary, whatever its type says.
    var boundary: [UInt8]?
    /// It is a leaf, whatever its type says.
    var isLeaf = false
    /// It is a message, whatever its type or encoding says.
    var isMessage = false

    /// What of it counts for what is in the entity.
    var inner: Reading {
        var inner = Reading()
        inner.header = header
        inner.isLenient = isLenient
        return inner
    }

    var carriage: Bool { header.contains(.carriage) }
}

/// Where an entity begins, what it is in, and how it is to be read.
struct Entity {
    var start: Int
    var parent: Int?
    var path: String
    /// What its children's numbers stand behind; empty: nothing.
    var childPrefix: String
    /// A header of RFC 5322, which mailboxes may have put a line above.
    var isMessage = false
    /// Without a Content-Type it is a message (RFC 2046 section 5.1.5).
    var isInDigest = false
    var depth: Int
    var reading = Reading()
    var alternativeTo: Int?
    /// 0: of the first reading; 1: of another; 2: of another within that one, and there it ends.
    var generation: UInt8 = 0
    /// Its body alone is there.
    var hasHeader = true
    /// The message/rfc822 part that it is the message of, by whose path its parts are numbered.
    var messagePath: String?
}

/// An entity that is open while its end is sought.
struct Frame {
    var entity: Entity
    var part: Int
    var facts: PartFacts
    var boundary: [UInt8] = []
    var isDigest = false
    var children = 0
    var isClosed = false
    /// Behind the closing boundary.
    var epilogueStart = 0
    /// Lines that others take for its boundary, or boundaries behind the closing one.
    var hasLookalike = false
    /// A boundary by the looks of a line, one that has to do with what is declared.
    var guess: [UInt8]?

    var bodyStart: Int { facts.header.bodyStart }
}
