// swift-tools-version: 6.2
// Postern: the gateway (Core), its filters (Plugins) and their tests. Plugin authors need only the package in SDK.
import PackageDescription

let nio = "swift-nio"
func product(_ name: String, _ package: String) -> Target.Dependency { .product(name: name, package: package) }

/// A filter: a shared library that exports one symbol, `postern_plugin_entry`, and imports the SDK only.
func plugin(_ name: String, path: String) -> Target {
    .target(
        name: name, dependencies: [product("PosternKit", "SDK")], path: path, exclude: ["README.md", "manifest.json"],
        linkerSettings: [
            .unsafeFlags(["-Xlinker", "--version-script=\(Context.packageDirectory)/SDK/plugin.map"])
        ])
}

/// The tests of one target of Core.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name + "Tests", dependencies: ["Mail", "GatewayTestKit"] + dependencies, path: "Tests/Core/\(name)")
}

let package = Package(
    name: "postern",
    products: [
        .executable(name: "postern", targets: ["Command"]),
        .library(name: "rbl", type: .dynamic, targets: ["RBL"]),
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
        .target(name: "Mail", path: "Core/Mail", exclude: ["README.md"]),
        .target(name: "MIME", dependencies: ["Mail"], path: "Core/MIME", exclude: ["README.md"]),
        .target(name: "SMTP", dependencies: ["Mail"], path: "Core/SMTP", exclude: ["README.md"]),
        .target(name: "Decide", dependencies: ["Mail"], path: "Core/Decide", exclude: ["README.md"]),

        // Engines
        .systemLibrary(name: "CUnbound", path: "Core/CUnbound"),
        .target(
            name: "DNSClient", dependencies: ["Mail", "CUnbound", product("Metrics", "swift-metrics")], path: "Core/DNSClient",
            exclude: ["README.md"]),
        .target(
            name: "PluginLoader", dependencies: ["Mail", product("CPostern", "SDK")], path: "Core/PluginLoader", exclude: ["README.md"]),
        .target(
            name: "PluginHost",
            dependencies: [
                "Mail", "MIME", "PluginLoader", product("CPostern", "SDK"), product("Crypto", "swift-crypto"),
                product("Logging", "swift-log"),
                product("Metrics", "swift-metrics"),
            ], path: "Core/PluginHost", exclude: ["README.md"]),
        .target(
            name: "Settings", dependencies: ["Mail", product("Yams", "Yams"), product("Crypto", "swift-crypto")], path: "Core/Settings",
            exclude: ["README.md"]),
        .target(
            name: "Receive",
            dependencies: [
                "Mail", "SMTP", product("NIOCore", nio), product("NIOPosix", nio), product("NIOTLS", nio), product("NIOSSL", "swift-nio-ssl"),
                product("Metrics", "swift-metrics"),
            ], path: "Core/Receive", exclude: ["README.md"]),
        .target(
            name: "Inspect",
            dependencies: ["Mail", "MIME", "Decide", product("Metrics", "swift-metrics")],
            path: "Core/Inspect", exclude: ["README.md"]),
        .target(
            name: "Queue",
            dependencies: [
                "Mail", product("DequeModule", "swift-collections"), product("HeapModule", "swift-collections"),
                product("Metrics", "swift-metrics"),
            ], path: "Core/Queue",
            exclude: ["README.md"]),
        .target(
            name: "Store",
            dependencies: [
                "Mail", product("GRDB", "GRDB.swift"), product("GRDBSQLite", "GRDB.swift"), product("Metrics", "swift-metrics"),
            ], path: "Core/Store", exclude: ["README.md"]),
        .target(
            name: "Deliver",
            dependencies: [
                "Mail", "MIME", "SMTP", product("NIOCore", nio), product("NIOPosix", nio), product("NIOTLS", nio),
                product("NIOSSL", "swift-nio-ssl"),
                product("Metrics", "swift-metrics"),
            ], path: "Core/Deliver", exclude: ["README.md"]),
        .target(
            name: "Telemetry", dependencies: ["Mail", product("Logging", "swift-log"), product("CoreMetrics", "swift-metrics")],
            path: "Core/Telemetry", exclude: ["README.md"]),
        .target(
            name: "Control",
            dependencies: [
                "Mail", product("Hummingbird", "hummingbird"), product("HummingbirdCore", "hummingbird"), product("NIOCore", nio),
                product("NIOPosix", nio), product("NIOHTTP1", nio),
                product("Logging", "swift-log"), product("ServiceLifecycle", "swift-service-lifecycle"),
            ], path: "Core/Control", exclude: ["README.md"]),

        // The whole
        .target(
            name: "Gateway",
            dependencies: [
                "Mail", "MIME", "SMTP", "Decide", "DNSClient", "PluginLoader", "PluginHost", "Settings", "Receive", "Inspect", "Queue",
                "Store", "Deliver", "Telemetry", "Control", product("NIOCore", nio), product("NIOPosix", nio),
                product("Logging", "swift-log"),
                product("Metrics", "swift-metrics"), product("NIOSSL", "swift-nio-ssl"),
                product("ServiceLifecycle", "swift-service-lifecycle"), product("UnixSignals", "swift-service-lifecycle"),
            ], path: "Core/Gateway", exclude: ["README.md"]),
        .executableTarget(
            name: "Command",
            dependencies: [
                "Mail", "SMTP", "Gateway", "Control", "Settings", "Receive", product("ArgumentParser", "swift-argument-parser"),
                product("NIOCore", nio),
                product("NIOPosix", nio), product("Logging", "swift-log"),
            ], path: "Core/Command", exclude: ["README.md"]),

        // Filters
        plugin("RBL", path: "Plugins/RBL"),

        // Tests
        .target(
            name: "GatewayTestKit",
            dependencies: ["Mail", product("NIOCore", nio), product("NIOPosix", nio), product("NIOSSL", "swift-nio-ssl")],
            path: "Tests/GatewayTestKit"),
        tests("Mail", []),
        tests("MIME", ["MIME"]),
        tests("SMTP", ["SMTP"]),
        tests("Decide", ["Decide"]),
        tests("DNSClient", ["DNSClient"]),
        tests("Settings", ["Settings"]),
        tests("PluginHost", ["PluginHost", "PluginLoader", product("Logging", "swift-log")]),
        tests("Receive", ["Receive", "SMTP", product("NIOEmbedded", nio), product("NIOSSL", "swift-nio-ssl")]),
        tests("Inspect", ["Inspect"]),
        tests("Queue", ["Queue", "Store"]),
        tests("Store", ["Store", product("GRDB", "GRDB.swift")]),
        tests("Deliver", ["Deliver", product("NIOEmbedded", nio)]),
        tests("Telemetry", ["Telemetry"]),
        tests("Control", ["Control"]),
        .testTarget(name: "RBLTests", dependencies: ["RBL", "GatewayTestKit"], path: "Tests/Plugins/RBL"),
        .executableTarget(name: "StoreBenchmark", dependencies: ["Mail", "Store"], path: "Tests/Benchmarks/Store"),
        .testTarget(name: "ArchitectureTests", path: "Tests/Architecture"),
        .testTarget(name: "EndToEndTests", dependencies: ["Mail", "GatewayTestKit"], path: "Tests/EndToEnd"),
    ]
)
