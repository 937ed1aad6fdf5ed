// swift-tools-version: 6.2
// A filter of its own, outside the gateway's tree: it needs the SDK only. `swift build -c release`, then see README.md.
import PackageDescription

let package = Package(
    name: "hello-filter-swift",
    products: [.library(name: "hello-swift", type: .dynamic, targets: ["HelloFilter"])],
    dependencies: [.package(path: "../../SDK")],
    targets: [
        .target(
            name: "HelloFilter", dependencies: [.product(name: "PosternKit", package: "SDK")], path: "Sources",
            swiftSettings: [.unsafeFlags(["-static-stdlib"])],
            linkerSettings: [
                // One export, and the Swift runtime inside: the file then loads wherever the gateway runs, whatever Swift that has.
                .unsafeFlags([
                    "-static-stdlib", "-Xlinker", "--version-script=\(Context.packageDirectory)/../../SDK/plugin.map", "-Xlinker",
                    "--gc-sections",
                ])
            ])
    ]
)
