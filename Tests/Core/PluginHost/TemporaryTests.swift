import Foundation
import Mail
import Testing

@testable import PluginHost

/// What a worker writes into its temporary folder is bounded, all of it together.
@Suite(.timeLimit(.minutes(5)))
struct TemporaryTests {
    /// A message says how many files of how many KiB it needs, and whether they are removed while open: `12 100 keep`.
    private static let plugin = """
        postern_bytes b; char t[64] = "", path[300], how[16] = ""; int count = 0, size = 0;
        static char block[1024];
        if (call->reason != POSTERN_START || call->host->view(call, call->message->raw, &b) != POSTERN_OK) return POSTERN_DONE;
        memcpy(t, b.data, b.length < 63 ? b.length : 63);
        sscanf(t, "%d %d %15s", &count, &size, how);
        memset(block, 1, sizeof block);
        for (int i = 0; i < count; i++) {
            snprintf(path, sizeof path, "%s/%lld-%d", getenv("TMPDIR"), (long long)call->session->client_port, i);
            int f = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
            if (f < 0) return POSTERN_DONE;
            for (int k = 0; k < size; k++) if (write(f, block, sizeof block) < 0) break;
            if (!strcmp(how, "open")) unlink(path); else close(f);
        }
        if (!strcmp(how, "hide")) chmod(getenv("TMPDIR"), 0);
        /* Too much is seen while it sits. */
        while (count > 1 && !call->host->cancelled(call)) usleep(1000);
        out->add_symbol(out, text("FOUND"), 1, text(""), 0, 0);
        return POSTERN_DONE;
        """

    private func plugins() throws -> TestPlugins {
        let plugins = try TestPlugins(.worker)
        plugins.policy.common.temporaryBytes = 4 << 20
        try plugins.compile(
            Self.plugin, globals: "#include <fcntl.h>\n#include <stdio.h>\n#include <sys/stat.h>\n#include <unistd.h>",
            manifest: WorkerTests.manifest.merging(["execution": "\"blocking\"", "temporary": "true"]) { $1 })
        return plugins
    }

    @Test(arguments: [
        // No file is too large, all together are; and too many empty ones.
        ("9 1000 keep", "had more than 4 MiB of temporary files"), ("17000 0 keep", "had more than 16384 temporary files"),
    ])
    func tooMuchEndsTheWorkerAndCostsItsOwnMessage(_ message: String, _ why: String) throws {
        let plugins = try plugins()
        let (run, greedy) = try plugins.start(.data, message: message)
        let (_, modest) = try plugins.start(.data, message: "1 1000 keep", client: "198.51.100.1")
        WorkerTests.wait(plugins) { !greedy.verdicts.isEmpty && !modest.verdicts.isEmpty }
        #expect(greedy.verdicts.map(\.result) == [.crash])
        #expect(greedy.verdicts.first?.detail.hasSuffix(why) == true, "\(greedy.verdicts)")
        #expect(plugins.log.lines.contains { $0.contains("died: \(why)") })
        #expect(modest.verdicts.map(\.result) == [.done])
        // The next worker's folder is empty: there is room for all that one may have.
        let (_, after) = try plugins.start(.data, message: "1 3000 keep", client: "198.51.100.1")
        WorkerTests.wait(plugins) { !after.verdicts.isEmpty }
        #expect(after.verdicts.map(\.result) == [.done])
        withExtendedLifetime(run) {}
    }

    @Test(.enabled(if: geteuid() == 0, "removed files are shown to root alone")) func whatIsRemovedAndKeptOpenCounts() throws {
        let plugins = try plugins()
        let (_, greedy) = try plugins.start(.data, message: "9 1000 open")
        WorkerTests.wait(plugins) { !greedy.verdicts.isEmpty }
        #expect(greedy.verdicts.first?.detail.hasSuffix("had more than 4 MiB of temporary files") == true, "\(greedy.verdicts)")
    }

    // MARK: The look alone

    private func folder() throws -> String {
        let folder = NSTemporaryDirectory() + "postern-use-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private func use(_ folder: String, files: Int = 100) -> TemporaryUse {
        // Of no process: what this one has removed and open is other tests'.
        TemporaryUse(of: folder, pid: -1, mostBytes: 1 << 20, mostFiles: files)
    }

    @Test func foldersCountAndLinksAreNotFollowed() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/a/b", withIntermediateDirectories: true)
        try Data(count: 100_000).write(to: URL(filePath: folder + "/a/b/c"))
        symlink("/", folder + "/root")
        symlink("..", folder + "/a/up")
        // A name that is no UTF-8, and one that hides.
        for name in [[0x2E, 0x68], [0xFF, 0xFE]] as [[UInt8]] {
            let path = (Array(folder.utf8) + [0x2F] + name + [0]).map { CChar(bitPattern: $0) }
            close(open(path, O_CREAT | O_WRONLY, 0o600))
        }
        let use = use(folder)
        #expect(use.files == 7 && use.excess == nil)
        #expect((100_000..<400_000).contains(use.bytes), "\(use.bytes)")
        #expect(self.use(folder, files: 6).excess == "more than 6 temporary files")
        #expect(self.use(folder + "/none").excess == nil)
    }

    /// Its length is no matter, what it takes is.
    @Test func aFileWithHoles() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = open(folder + "/holes", O_CREAT | O_WRONLY, 0o600)
        defer { close(file) }
        #expect(ftruncate(file, 1 << 40) == 0)
        #expect(use(folder).excess == nil)
    }

    @Test func foldersWithoutEnd() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(
            atPath: folder + String(repeating: "/d", count: 40), withIntermediateDirectories: true)
        #expect(use(folder).excess == "folders 32 deep")
    }
}
