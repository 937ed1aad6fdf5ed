// swift-tools-version: 6.2
// Postern: the gateway (Core), its filters (Plugins) and their tests. Plugin authors need only the package in SDK.
import PackageDescription

func product(_ name: String, _ package: String) -> Target.Dependency { .product(name: name, package: package) }

let nio = [product("NIOCore", "swift-nio"), product("NIOPosix", "swift-nio")]
let tls = [product("NIOTLS", "swift-nio"), product("NIOSSL", "swift-nio-ssl")]
let abi = product("CPostern", "SDK")
let crypto = product("Crypto", "swift-crypto")
let logging = product("Logging", "swift-log")
let metrics = product("Metrics", "swift-metrics")
let lifecycle = product("ServiceLifecycle", "swift-service-lifecycle")

/// A folder of Core: one target of the same name.
func core(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Core/\(name)", exclude: ["README.md"] + exclude)
}

/// A filter: a shared library that exports one symbol, `postern_plugin_entry`, and imports the SDK and a C library of its own at most, whose
/// header is in a folder of the filter's.
func plugin(_ name: String, library: String? = nil) -> Target {
    .target(
        name: name, dependencies: [product("PosternKit", "SDK")] + (library.map { [.byName(name: $0)] } ?? []),
        path: "Plugins/\(name)", exclude: ["README.md", "manifest.json"] + (library.map { [$0] } ?? []),
        linkerSettings: [.unsafeFlags(["-Xlinker", "--version-script=\(Context.packageDirectory)/SDK/plugin.map"])])
}

/// The tests of one target of Core.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: ["Mail", "GatewayTestKit"] + dependencies, path: "Tests/Core/\(name)", exclude: exclude)
}

/// The tests of a filter: of its parts, and of the built library through the ABI.
func pluginTests(_ name: String) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.byName(name: name), "PluginTestKit"], path: "Tests/Plugins/\(name)",
        // All filters' tests are one program, and each filter has the same entry; nothing in it calls that.
        linkerSettings: [.unsafeFlags(["-Xlinker", "--allow-multiple-definition"])])
}

let package = Package(
    name: "postern",
    products: [
        .executable(name: "postern", targets: ["Command"]),
        .executable(name: "postern-worker", targets: ["Worker"]),
        .library(name: "greylist", type: .dynamic, targets: ["Greylist"]),
        .library(name: "rbl", type: .dynamic, targets: ["RBL"]),
        // Not lib<id>.so, the name of the library that they are linked with.
        .library(name: "clamav-filter", type: .dynamic, targets: ["ClamAV"]),
        .library(name: "yara-filter", type: .dynamic, targets: ["YARA"]),
    ],
    dependencies: [
        .package(path: "SDK"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // Words and pure logic
        core("Mail"),
        core("MIME", ["Mail"]),
        core("SMTP", ["Mail"]),
        core("Decide", ["Mail"]),
        core("DSN", ["Mail"]),
        core("SRS", ["Mail", crypto]),
        core("Extract", ["Mail", "MIME", crypto], exclude: ["Tables/generate.py"]),

        // Engines
        .systemLibrary(name: "CUnbound", path: "Core/CUnbound"),
        .systemLibrary(name: "CArgon2", path: "Core/CArgon2"),
        .systemLibrary(name: "CSandbox", path: "Core/CSandbox"),
        .systemLibrary(name: "CLinux", path: "Core/CLinux"),
        core("Processes", ["CLinux"]),
        core("Sandbox", ["CSandbox"]),
        core("Accounts", ["Mail", "CArgon2"]),
        core("DNSClient", ["Mail", "CUnbound", metrics]),
        core("PluginLoader", ["Mail", abi, product("DequeModule", "swift-collections")]),
        core("WorkerLink", ["Mail", "PluginLoader", "Processes", "CLinux"]),
        core("PluginHost", ["Mail", "PluginLoader", "WorkerLink", "Processes", "CLinux", abi, crypto, logging, metrics]),
        core("Settings", ["Mail", "SMTP", product("Yams", "Yams"), crypto]),
        core("Receive", ["Mail", "SMTP", metrics] + nio + tls),
        core("Inspect", ["Mail", "MIME", "Decide", "SRS", metrics]),
        core("Queue", ["Mail", "DSN", product("DequeModule", "swift-collections"), product("HeapModule", "swift-collections"), metrics]),
        core("Store", ["Mail", product("GRDB", "GRDB.swift"), product("GRDBSQLite", "GRDB.swift"), metrics]),
        core("Deliver", ["Mail", "SMTP"] + nio + tls),
        core("HTTPClient", ["Mail", product("NIOHTTP1", "swift-nio"), metrics] + nio + tls),
        core("Supervisor", ["Mail", "Processes"]),
        core("InFlight", ["Mail", crypto]),
        core("Telemetry", ["Mail", product("CoreMetrics", "swift-metrics")]),
        core(
            "Control",
            ["Mail", product("Hummingbird", "hummingbird"), product("HummingbirdCore", "hummingbird"), logging, lifecycle]
                + [product("NIOHTTP1", "swift-nio")] + nio),

        // The whole
        core(
            "Gateway",
            [
                "Mail", "SRS", "Accounts", "DNSClient", "PluginLoader", "PluginHost", "Settings", "Receive", "Inspect", "Queue", "Store",
                "Deliver", "HTTPClient", "Telemetry", "Control", "Supervisor", "InFlight", "Extract", logging, metrics, lifecycle,
                product("UnixSignals", "swift-service-lifecycle"),
            ] + nio + tls),
        .executableTarget(
            name: "Command",
            dependencies: [
                "Mail", "SMTP", "Accounts", "Gateway", "Control", "Settings", "Receive", "Supervisor",
                product("ArgumentParser", "swift-argument-parser"),
            ]
                + nio, path: "Core/Command", exclude: ["README.md"],
            // Where `make install` puts the Swift runtime.
            linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/postern/runtime"])]),

        .executableTarget(
            name: "Worker", dependencies: ["Mail", "PluginLoader", "WorkerLink", "Processes", "Sandbox"], path: "Core/Worker",
            exclude: ["README.md"],
            linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/postern/runtime"])]),

        // Filters
        plugin("Greylist"),
        plugin("RBL"),
        .systemLibrary(name: "CClamAV", path: "Plugins/ClamAV/CClamAV"),
        plugin("ClamAV", library: "CClamAV"),
        .systemLibrary(name: "CYARA", path: "Plugins/YARA/CYARA"),
        plugin("YARA", library: "CYARA"),

        // Tests
        .target(
            name: "GatewayTestKit", dependencies: ["Mail", product("NIOSSL", "swift-nio-ssl")] + nio, path: "Tests/GatewayTestKit"),
        tests("Mail", []),
        tests("MIME", ["MIME"]),
        tests("Extract", ["Extract"]),
        tests("SMTP", ["SMTP"]),
        tests("Decide", ["Decide"]),
        tests("DSN", ["DSN"], exclude: ["Golden"]),
        tests("SRS", ["SRS"]),
        tests("Accounts", ["Accounts"]),
        tests("DNSClient", ["DNSClient"]),
        tests("Settings", ["Settings"]),
        tests("PluginHost", ["PluginHost", "PluginLoader", "WorkerLink", "Store", abi, logging]),
        tests("WorkerLink", ["WorkerLink", "PluginLoader"]),
        tests("Receive", ["Receive", "SMTP", product("NIOEmbedded", "swift-nio"), product("NIOSSL", "swift-nio-ssl")]),
        tests("Inspect", ["Inspect", "SRS"]),
        tests("Queue", ["Queue", "Store"]),
        tests("Store", ["Store", product("GRDB", "GRDB.swift")]),
        tests("Deliver", ["Deliver", "DNSClient", product("NIOEmbedded", "swift-nio")]),
        tests("HTTPClient", ["HTTPClient", "DNSClient", product("NIOHTTP1", "swift-nio")]),
        tests("Telemetry", ["Telemetry"]),
        tests("Control", ["Control"]),
        tests("Supervisor", ["Supervisor", "Processes"]),
        tests("InFlight", ["InFlight"]),
        tests("Sandbox", ["Sandbox"], exclude: ["Attempts", "Probe", "Stopped.md"]),
        // What a hostile filter may try, and the program that tries it from within.
        .target(name: "SandboxAttempts", path: "Tests/Core/Sandbox/Attempts"),
        .executableTarget(name: "SandboxProbe", dependencies: ["Sandbox", "SandboxAttempts"], path: "Tests/Core/Sandbox/Probe"),
        .testTarget(name: "PosternKitTests", dependencies: [product("PosternKit", "SDK")], path: "Tests/SDK/PosternKit"),
        .target(name: "PluginTestKit", dependencies: [abi], path: "Tests/PluginTestKit"),
        pluginTests("ClamAV"),
        pluginTests("YARA"),
        pluginTests("Greylist"),
        .testTarget(name: "RBLTests", dependencies: ["RBL", "GatewayTestKit", "PluginTestKit"], path: "Tests/Plugins/RBL"),
        // What `make fuzz` runs; here it is plain code, and the test replays what is kept.
        .target(name: "FuzzTargets", dependencies: ["Mail", "MIME", "Extract", "SMTP", "DSN", "SRS", crypto], path: "Tests/Fuzz/Targets"),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Replay"),
        .testTarget(name: "ArchitectureTests", path: "Tests/Architecture"),
        .testTarget(
            name: "EndToEndTests", dependencies: ["Mail", "GatewayTestKit"], path: "Tests/EndToEnd",
            exclude: ["README.md", "NextHops.md", "Smuggling"]),
        .executableTarget(name: "StoreBenchmark", dependencies: ["Mail", "Store"], path: "Tests/Benchmarks/Store"),
        .executableTarget(name: "StateBenchmark", dependencies: ["Mail", "Store"], path: "Tests/Benchmarks/State"),
        .executableTarget(
            name: "PluginBenchmark", dependencies: ["Mail", "InFlight", "PluginHost", "PluginLoader", "Receive", "Store", logging] + nio,
            path: "Tests/Benchmarks/Plugins",
            exclude: ["build.sh", "filters.py", "Milter", "Nothing", "plugins.sh", "Scanners", "table.py"]),
        .executableTarget(
            name: "MIMEBenchmark", dependencies: ["Mail", "MIME", "Extract"], path: "Tests/Benchmarks/MIME", exclude: ["GMime", "mime.py"]),
        .executableTarget(name: "QueueBenchmark", dependencies: ["Mail", "Store"], path: "Tests/Benchmarks/Queue", exclude: ["queue.py"]),
    ]
)
