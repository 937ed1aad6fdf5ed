// swift-tools-version: 6.2
// What a plugin author needs, and nothing else: the C header (CPostern) and the Swift kit (PosternKit).
import PackageDescription

let package = Package(
    name: "SDK",
    products: [
        .library(name: "CPostern", targets: ["CPostern"]),
        .library(name: "PosternKit", targets: ["PosternKit"]),
    ],
    targets: [
        .target(name: "CPostern", path: "CPostern"),
        .target(name: "PosternKit", dependencies: ["CPostern"], path: "PosternKit"),
    ]
)
