import Foundation
import GatewayTestKit
import Mail
import Testing

@testable import PluginHost

/// What a worker writes into its temporary folder is bounded, all of it together.
@Suite(.timeLimit(.minutes(5)))
struct TemporaryTests {
    /// A message says how many files of how many KiB it needs, and whether they are removed while open or mapped: `12 100 keep`. With `leave` they
    /// are open in a process whose first thread has ended.
    private static let plugin = """
        postern_bytes b; char t[64] = "", path[300], how[16] = ""; int count = 0, size = 0;
        static char block[1024];
        if (call->reason != POSTERN_START || call->host->view(call, call->message->raw, &b) != POSTERN_OK) return POSTERN_DONE;
        memcpy(t, b.data, b.length < 63 ? b.length : 63);
        sscanf(t, "%d %d %15s", &count, &size, how);
        memset(block, 1, sizeof block);
        if (!strcmp(how, "leave")) { signal(SIGUSR1, leave); syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1); usleep(100000); }
        for (int i = 0; i < count; i++) {
            snprintf(path, sizeof path, "%s/%lld-%d", getenv("TMPDIR"), (long long)call->session->client_port, i);
            int f = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
            if (f < 0) return POSTERN_DONE;
            for (int k = 0; k < size; k++) if (write(f, block, sizeof block) < 0) break;
            if (!strcmp(how, "map")) mmap(NULL, 4096, PROT_READ, MAP_SHARED, f, 0);
            if (strcmp(how, "keep")) unlink(path);
            if (!strcmp(how, "keep") || !strcmp(how, "map")) close(f);
        }
        /* Too much is seen while it sits. */
        while (count > 1 && !call->host->cancelled(call)) usleep(1000);
        out->add_symbol(out, text("FOUND"), 1, text(""), 0, 0);
        return POSTERN_DONE;
        """

    private static let globals = """
        #include <fcntl.h>
        #include <signal.h>
        #include <stdio.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        static void leave(int number) { syscall(SYS_exit, number); }
        """

    private func plugins() throws -> TestPlugins {
        let plugins = try TestPlugins(.worker)
        plugins.policy.common.temporaryBytes = 4 << 20
        try plugins.compile(
            Self.plugin, globals: Self.globals,
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

    @Test(.enabled(if: geteuid() == 0, "removed files are shown to root alone"), arguments: ["open", "map", "leave"])
    func whatIsRemovedAndKeptCounts(_ how: String) throws {
        let plugins = try plugins()
        let (_, greedy) = try plugins.start(.data, message: "9 1000 \(how)")
        WorkerTests.wait(plugins) { !greedy.verdicts.isEmpty }
        #expect(greedy.verdicts.first?.detail.hasSuffix("had more than 4 MiB of temporary files") == true, "\(greedy.verdicts)")
    }

    // MARK: The look alone

    private func use(_ folder: String, files: Int = 100) -> TemporaryUse {
        // Of no process: what this one has removed and open is other tests'.
        TemporaryUse(of: folder, pid: -1, mostBytes: 1 << 20, mostFiles: files)
    }

    @Test func foldersCountAndLinksAreNotFollowed() throws {
        let place = try TemporaryFolder()
        let folder = place.path
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
        let place = try TemporaryFolder()
        let folder = place.path
        let file = open(folder + "/holes", O_CREAT | O_WRONLY, 0o600)
        defer { close(file) }
        #expect(ftruncate(file, 1 << 40) == 0)
        #expect(use(folder).excess == nil)
    }

    /// As a gateway sees it that is not root.
    @Test(arguments: [(0, 1), (0o400, 2)]) func aFolderThatNobodyMayLookInto(_ mode: mode_t, _ files: Int) throws {
        let folder = try TemporaryFolder()
        let inner = folder.path + "/inner"
        try FileManager.default.createDirectory(atPath: inner + "/a", withIntermediateDirectories: true)
        for path in [folder.path, inner] where geteuid() == 0 { chown(path, 65_534, 65_534) }
        chmod(inner, mode)
        defer { chmod(inner, 0o700) }
        // This thread's alone; Glibc's module does not have it.
        let setfsuid = unsafeBitCast(dlsym(nil, "setfsuid"), to: (@convention(c) (uid_t) -> CInt).self)
        _ = setfsuid(65_534)
        let use = use(folder.path)
        _ = setfsuid(geteuid())
        #expect(use.excess == "a temporary folder that nobody may look into")
        // What is found counts, whether it can be looked at or not.
        #expect(use.files == files)
    }

    @Test func foldersWithoutEnd() throws {
        let place = try TemporaryFolder()
        let folder = place.path
        try FileManager.default.createDirectory(
            atPath: folder + String(repeating: "/d", count: 40), withIntermediateDirectories: true)
        #expect(use(folder).excess == "folders 32 deep")
    }
}
