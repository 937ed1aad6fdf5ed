// swift-tools-version: 6.2
// A filter that the tests of the Swift kit load.
import PackageDescription

let package = Package(
    name: "async-filter",
    products: [.library(name: "async", type: .dynamic, targets: ["AsyncFilter"])],
    dependencies: [.package(path: "../../../SDK")],
    targets: [
        .target(
            name: "AsyncFilter", dependencies: [.product(name: "PosternKit", package: "SDK")], path: ".", sources: ["AsyncFilter.swift"],
            swiftSettings: [.unsafeFlags(["-static-stdlib"])],
            linkerSettings: [
                // One export, and the Swift runtime inside: the file then loads wherever the gateway runs, whatever Swift that has.
                .unsafeFlags([
                    "-static-stdlib", "-Xlinker", "--version-script=\(Context.packageDirectory)/../../../SDK/plugin.map", "-Xlinker",
                    "--gc-sections",
                ])
            ])
    ]
)
