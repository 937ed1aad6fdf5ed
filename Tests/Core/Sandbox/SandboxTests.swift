import Foundation
import Testing

/// Hostile and honest attempts within the sandbox, each in a process of its own. One test at a time: they count the threads of a user.
@Suite(.serialized) struct SandboxTests {
    /// Stopped by seals of the gateway's, with or without a sandbox.
    static let bySeals: Set = ["write sealed shared memory", "enlarge sealed shared memory"]
    /// Possible where the worker runs under the gateway's user: no limit of threads, for the gateway's own would count.
    static let ownUserOnly: Set = [
        "600 threads with small stacks",
        // Without a /proc of its own; what it must not learn of others' is behind Landlock's rule of tracing.
        "read /proc/PID/cmdline of a process of its user",
    ]

    /// Without Landlock a process of the same user that may be traced can be looked at in /proc. Workers may not be traced.
    static let landlockOnly: Set = [
        "read /proc/PID/cmdline of a process of its user", "read /proc/PID/mem of a process of its user",
        "list /proc/PID/fd of a process of its user", "list processes",
    ]

    static func expectWorks(_ verdicts: [ProbeRun.Verdict], but missing: Set<String> = []) {
        #expect(verdicts.count >= 15)
        for verdict in verdicts where !missing.contains(verdict.name) {
            #expect(verdict.verdict == (verdict.name == "abort" ? "signal 6" : "possible"), "\(verdict.name)")
        }
    }

    static func expectStopped(_ verdicts: [ProbeRun.Verdict], but possible: Set<String> = []) {
        #expect(verdicts.count > 130)
        for verdict in verdicts where !possible.contains(verdict.name) {
            #expect(!verdict.isPossible && verdict.verdict != "no sandbox", "\(verdict.name): \(verdict.verdict)")
        }
    }

    @Test(.enabled(if: ProbeRun.hasLandlock, "this kernel has no Landlock"))
    func nothingHostileIsPossible() throws {
        Self.expectStopped(
            try ProbeRun().attempts(ProbeRun.hostile, layers: "all", landlock: 7), but: ProbeRun.mayMount ? [] : Self.ownUserOnly)
    }

    @Test(.enabled(if: ProbeRun.hasLandlock, "this kernel has no Landlock"))
    func whatFiltersNeedIsPossible() throws {
        Self.expectWorks(try ProbeRun().attempts(["needed"], layers: "all", landlock: 7))
    }

    /// A kernel of 5.13: no truncation, no network, no scopes; and no renaming into another folder.
    @Test(.enabled(if: ProbeRun.hasLandlock, "this kernel has no Landlock"))
    func oldestLandlock() throws {
        Self.expectStopped(
            try ProbeRun().attempts(ProbeRun.hostile, layers: "all", landlock: 1), but: ProbeRun.mayMount ? [] : Self.ownUserOnly)
        Self.expectWorks(try ProbeRun().attempts(["needed"], layers: "all", landlock: 1), but: ["temporary files"])
    }

    @Test(.enabled(if: ProbeRun.mayMount, "an empty root needs CAP_SYS_ADMIN"))
    func emptyRootInsteadOfLandlock() throws {
        Self.expectStopped(try ProbeRun().attempts(ProbeRun.hostile, layers: "all", landlock: 0), but: Self.landlockOnly)
        Self.expectWorks(try ProbeRun().attempts(["needed"], layers: "all", landlock: 0))
        #expect(try ProbeRun().enter("0", ["user=65534"]).contains("empty root"))
    }

    /// The gateway under a user of its own, as a service usually runs.
    @Test(.enabled(if: ProbeRun.isRoot && ProbeRun.hasLandlock, "needs root, to become another user"))
    func startedWithoutPrivileges() throws {
        let run = ProbeRun(user: 61_234)
        Self.expectStopped(try run.attempts(ProbeRun.hostile, layers: "all", landlock: 7), but: Self.ownUserOnly)
        Self.expectWorks(try run.attempts(["needed"], layers: "all", landlock: 7))
        #expect(
            try run.enter("7", [])
                == "user 61234 (the gateway's), memory 2048 MiB, no new privileges, landlock \(min(7, ProbeRun.landlock)), seccomp\n")
        #expect(
            try run.enter("0", []).hasPrefix("this kernel has no Landlock, so a worker could read what the gateway's user can: use Linux"))
        #expect(try run.enter("0", ["modes=yes"]).contains("files by their modes alone"))
        #expect(try run.enter("7", ["user=65534"]).hasPrefix("a worker becomes user 65534 only when"))
    }

    /// Every attempt can succeed, and what stops it is known.
    @Test(.enabled(if: ProbeRun.mayMount && ProbeRun.landlock >= 7, "needs root and Landlock 7"))
    func whatIsStoppedByWhat() throws {
        let free = try ProbeRun().attempts(ProbeRun.hostile, layers: "none", landlock: 0)
        // Some are refused to root as well, where root has lost capabilities.
        let impossible = free.filter { !$0.isPossible && !Self.bySeals.contains($0.name) }
        #expect(impossible.count < 6, "\(impossible)")
        var table = StoppedTable(rows: free.map { ($0.name, []) })
        var before: [ProbeRun.Verdict] = []
        for column in StoppedTable.columns {
            let verdicts = try ProbeRun().attempts(ProbeRun.hostile, layers: column.layers, landlock: column.landlock)
            try #require(verdicts.map(\.name) == free.map(\.name))
            for (index, verdict) in verdicts.enumerated() {
                let unconfined = column.title == "limits" && !before[index].isPossible ? before[index] : free[index]
                table.rows[index].cells.append(verdict == unconfined ? "" : verdict.verdict)
            }
            before = verdicts
        }
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Stopped.md")
        let expected = StoppedTable(text: (try? String(contentsOf: file, encoding: .utf8)) ?? "")
        let shown = Set(free.filter(\.isPossible).map(\.name))
        let same = zip(table.rows, expected.rows).allSatisfy { now, then in
            !shown.contains(now.name) || StoppedTable(rows: [now]) == StoppedTable(rows: [then])
        }
        if !same || table.rows.count != expected.rows.count {
            let actual = file.path + ".actual"
            try table.text.write(toFile: actual, atomically: true, encoding: .utf8)
            Issue.record("what stops what has changed: see \(actual)")
        }
        // No attempt that is stopped by nothing.
        for row in table.rows where !Self.bySeals.contains(row.name) { #expect(row.cells.contains { !$0.isEmpty }, "\(row.name)") }
    }

    @Test(.enabled(if: ProbeRun.mayMount && ProbeRun.landlock >= 7, "needs root and Landlock 7"))
    func report() throws {
        #expect(
            try ProbeRun().enter("7", ["user=65534"])
                == "user 65534, memory 2048 MiB, no new privileges, landlock 7, seccomp, own /proc, own network\n")
    }

    /// libdispatch looks at its threads in /proc every second, and ends the process when it cannot.
    @Test(.enabled(if: ProbeRun.hasLandlock, "this kernel has no Landlock"), arguments: ["7", "0"])
    func swiftTasksRun(_ landlock: String) throws {
        guard landlock != "0" || ProbeRun.mayMount else { return }
        let output = try ProbeRun().enter(landlock, (ProbeRun.isRoot ? ["user=61235"] : []) + ["then=tasks"])
        #expect(output.hasSuffix("12 tasks\n"))
    }

    @Test(
        .enabled(if: ProbeRun.isRoot, "needs root"),
        arguments: [
            (["user=0"], "a worker cannot run as root"), ([], "a worker started as root needs a user of its own"),
            (["user=65534", "read=etc"], "'etc' cannot be granted: an absolute path"),
            (["user=65534", "read=/"], "'/' cannot be granted"),
            (["user=65534", "read=%/none"], "/none, which a worker is to read: No such file or directory"),
            (["user=65534", "read=%/library"], "a worker cannot read "), (["user=65534", "descriptor=99"], "descriptor 99, which"),
            (["user=65534", "temporary=%/none"], "the temporary folder "),
            (["user=65534", "temporary=/proc/self/cwd"], "the temporary folder "),
            (["user=65534", "before=thread"], "the sandbox is entered by the only thread of a process; this one has 2"),
        ] as [([String], String)])
    func refused(_ words: [String], _ why: String) throws {
        #expect(try ProbeRun().enter("kernel", words).contains(why))
    }
}
