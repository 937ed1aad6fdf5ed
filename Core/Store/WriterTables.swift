import Mail

/// What one file's writer does with the work that it is given.
protocol WriterTables<Work>: MessageTables {
    associatedtype Work: Sendable
    /// In a transaction; called again when that failed for another's sake. False: nothing was done, the work is not this file's alone.
    func perform(_ work: Work) throws(SQLiteFailure) -> Bool
    /// What was not this file's alone has been handed over.
    func handedOver()
}

extension WriterTables {
    func handedOver() {}
}
