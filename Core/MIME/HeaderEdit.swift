/// One change to a message's header. Fields are those of the message as it came, counted from 1 from the top for each name, without regard to case;
/// no change shifts another's count.
public enum HeaderEdit: Hashable, Sendable {
    /// A new field above all others. Several stand in the order of the edits.
    case insertTop(name: String, value: String)
    /// A new field behind field `nth` of `field`.
    case insertAfter(field: String, nth: Int, name: String, value: String)
    /// More text at the end of a value, as it stands: a blank in front of it is the caller's.
    case append(field: String, nth: Int, text: String)
    /// Another value; the name stays as it is written. The last one counts.
    case replace(field: String, nth: Int, value: String)
    /// The field goes, whatever else would be done to it.
    case delete(field: String, nth: Int)
}
