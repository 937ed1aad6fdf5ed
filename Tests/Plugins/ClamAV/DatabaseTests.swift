import Foundation
import PluginTestKit
import Synchronization
import Testing

/// Databases that are not there, broken, changed under load: nothing passes unseen.
@Suite(.enabled(if: PluginUnderTest.library("clamav-filter") != nil, "libclamav-filter.so is not beside the tests"))
struct DatabaseTests {
    private func load() throws -> PluginUnderTest { try PluginUnderTest(PluginUnderTest.library("clamav-filter")!) }

    private func settings(_ folder: ScanFolder, _ more: String = "") -> String {
        #"{"database": "\#(folder.database)", "check": "100ms"\#(more.isEmpty ? "" : ", " + more)}"#
    }

    @Test func withoutADatabaseNothingIsJudged() throws {
        let folder = try ScanFolder()
        let plugin = try load()
        let instance = try plugin.instance(settings(folder))
        #expect(plugin.hasLogged("no message can be judged"))
        let failure = try #require(instance.scan(ScanFolder.clean).failure)
        #expect(failure.contains(folder.database))
        // It comes: no restart is needed.
        try folder.write("db/a.hdb", ScanFolder.byMD5)
        #expect(plugin.hasLogged("is loaded"))
        #expect(instance.scan(ScanFolder.infected).symbols == ["VIRUS_EICAR_MD5"])
    }

    @Test func aFolderThatIsNotThere() throws {
        let folder = try ScanFolder()
        let plugin = try load()
        let instance = try plugin.instance(#"{"database": "\#(folder.path)/none", "check": "100ms"}"#)
        #expect(plugin.hasLogged("no folder that can be read"))
        #expect(instance.scan(ScanFolder.clean).failure?.contains("/none is no folder that can be read") == true)
    }

    @Test func aBrokenDatabaseAtFirst() throws {
        let folder = try ScanFolder()
        try folder.write("db/a.ndb", "broken:0:*:zz\n")
        let plugin = try load()
        let instance = try plugin.instance(settings(folder))
        #expect(plugin.hasLogged("error: "))
        #expect(instance.scan(ScanFolder.clean).failure?.contains("cannot be loaded") == true)
    }

    /// The old engine goes on, and it is said aloud; a good one takes over again.
    @Test func aBrokenDatabaseLater() throws {
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.byMD5)
        let plugin = try load()
        let instance = try plugin.instance(settings(folder))
        #expect(instance.scan(ScanFolder.infected).symbols == ["VIRUS_EICAR_MD5"])
        try folder.write("db/b.ndb", "broken:0:*:zz\n")
        #expect(plugin.hasLogged("what was loaded before goes on"))
        #expect(instance.scan(ScanFolder.infected).symbols == ["VIRUS_EICAR_MD5"])
        try folder.write("db/b.ndb", ScanFolder.byBytes)
        #expect(plugin.hasLogged("is loaded again"))
        #expect(Set(instance.scan(ScanFolder.infected).symbols ?? []) == ["VIRUS_EICAR_MD5", "VIRUS_EICAR_BYTES"])
    }

    /// Mail keeps coming on four threads while the database changes five times. Each message is judged by one of the databases that were there,
    /// none by nothing. With `hold` and with too little memory the old engine is given up first; nothing passes meanwhile.
    @Test(arguments: [#""reload": "beside""#, #""reload": "hold""#, #""memory": 1"#])
    func reloadsUnderLoad(_ reload: String) throws {
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.byMD5.replacing("MD5", with: "0"))
        let plugin = try load()
        let instance = try plugin.instance(settings(folder, reload))
        let isOver = Atomic(false)
        let bad = Mutex<[String]>([])
        let scans = Atomic(0)
        let group = DispatchGroup()
        for index in 0..<4 {
            Thread.detachNewThread {
                var newest = 0
                while !isOver.load(ordering: .relaxed) {
                    usleep(1000)
                    let outcome = instance.scan(ScanFolder.infected + Array("\(index)".utf8))
                    let number = outcome.symbols.flatMap { $0.count == 1 ? Int($0[0].dropFirst("VIRUS_EICAR_".count)) : nil }
                    if let number, number >= newest { newest = number } else { bad.withLock { $0.append("\(outcome) after \(newest)") } }
                    scans.add(1, ordering: .relaxed)
                }
                group.leave()
            }
            group.enter()
        }
        for number in 1...5 {
            try folder.write("db/a.hdb", ScanFolder.byMD5.replacing("MD5", with: "\(number)"))
            #expect(plugin.hasLogged("is loaded again", times: number))
        }
        isOver.store(true, ordering: .relaxed)
        group.wait()
        #expect(bad.withLock { $0.prefix(3) } == [])
        #expect(scans.load(ordering: .relaxed) > 20)
        #expect(instance.scan(ScanFolder.infected).symbols == ["VIRUS_EICAR_5"])
        #expect(plugin.logged.contains { $0.contains("mail waits until it is loaded") } == !reload.contains("beside"))
    }

    /// Two that would not fit into what the process may have: the old one is given up first, and the process lives.
    @Test func twoThatDoNotFitIntoTheWorker() throws {
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.byMD5)
        let plugin = try load()
        let instance = try plugin.instance(settings(folder))
        #expect(instance.scan(ScanFolder.infected).symbols == ["VIRUS_EICAR_MD5"])
        let resource = __rlimit_resource_t(RLIMIT_DATA.rawValue)
        var before = rlimit()
        getrlimit(resource, &before)
        var limit = rlimit(rlim_cur: 64 << 30, rlim_max: before.rlim_max)
        try #require(setrlimit(resource, &limit) == 0)
        defer { setrlimit(resource, &before) }
        // 10 GB without content, which libclamav passes over: about 70 in memory, were they signatures.
        let large = folder.database + "/large.txt"
        try #require(FileManager.default.createFile(atPath: large, contents: nil) && truncate(large, 10 << 30) == 0)
        #expect(plugin.hasLogged("this process may have 65536 MiB"), "\(plugin.logged)")
        #expect(plugin.hasLogged("is loaded again"))
        #expect(instance.scan(ScanFolder.infected).symbols == ["VIRUS_EICAR_MD5"])
    }

    @Test func checkingLoadsNothing() throws {
        let plugin = try load()
        #expect(plugin.check(#"{"database": "/nowhere/at/all"}"#) == [])
        #expect(plugin.check(#"{"database": "relative"}"#) == ["/database: must be an absolute path of a folder"])
        #expect(plugin.logged == [])
    }
}
