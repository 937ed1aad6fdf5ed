import Foundation

/// `Stopped.md`: each attempt, and which parts of the sandbox stop it when they stand alone.
struct StoppedTable: Equatable {
    /// The layers of a run beside the column's title. What a user alone stops is not told of again as a limit's work.
    static let columns: [(title: String, layers: String, landlock: Int)] = [
        ("descriptors", "descriptors", 7), ("user", "user", 7), ("limits", "user,limits", 7), ("Landlock 7, own /proc", "files", 7),
        ("empty root", "files", 0), ("seccomp", "calls", 7), ("network", "network", 7),
    ]
    /// What these say differs with the settings of a machine.
    static let varying = ["user", "network"]

    /// By attempt, in order; by column.
    var rows: [(name: String, cells: [String])]

    static func == (a: StoppedTable, b: StoppedTable) -> Bool { a.compared == b.compared }

    private var compared: [[String]] {
        rows.map { row in
            [row.name] + zip(Self.columns, row.cells).filter { !Self.varying.contains($0.0.title) }.map(\.1)
        }
    }

    var text: String {
        let head = ["attempt"] + Self.columns.map(\.title)
        let lines = [head, head.map { _ in "---" }] + rows.map { [$0.name] + $0.cells }
        return Self.introduction + lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    init(rows: [(name: String, cells: [String])]) { self.rows = rows }

    init(text: String) {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst(2)
        rows = lines.map { line in
            let cells = line.dropFirst().dropLast().components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return (cells[0], Array(cells.dropFirst()))
        }
    }

    private static let introduction = """
        # What is stopped by what

        Each attempt was made with one part of the sandbox in force and all others away, started as root; `SandboxTests` makes them again and
        compares. A cell is the answer where that part alone stops it: an error, a signal, or nothing where it does not. `limits` stands on top
        of `user`, since root is above limits. With everything in force each attempt fails. Started without privileges, a worker has the
        gateway's user and network namespace and no /proc of its own: then seccomp and Landlock stand alone, other processes' command lines can be
        read, and 600 threads are possible as far as memory goes. What has no cell filled is stopped by the seals of the memory itself.


        """
}
