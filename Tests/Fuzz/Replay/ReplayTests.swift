import Foundation
import FuzzTargets
import Testing

/// Every kept input once more, without libFuzzer: the seeds, and whatever was ever found. And some hundred changed ones, always the same.
@Suite struct ReplayTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "..").standardizedFileURL

    private static func inputs(_ target: FuzzTarget) throws -> [(name: String, bytes: Data)] {
        try ["Seeds", "Findings"].flatMap { kind in
            let path = folder.appending(path: "\(kind)/\(target)").path
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
            return try names.map { ("\(kind)/\(target)/\($0)", try Data(contentsOf: URL(filePath: "\(path)/\($0)"))) }
        }
    }

    private func run(_ target: FuzzTarget, _ bytes: [UInt8], _ name: String) {
        #expect(throws: Never.self, "\(name)") { try bytes.withUnsafeBytes { try target.run($0) } }
    }

    @Test(arguments: FuzzTarget.allCases) func kept(_ target: FuzzTarget) throws {
        let inputs = try Self.inputs(target)
        #expect(inputs.count >= 4)
        run(target, [], "nothing")
        for input in inputs { run(target, Array(input.bytes), input.name) }
    }

    @Test(arguments: FuzzTarget.allCases) func changed(_ target: FuzzTarget) throws {
        var seeds = try Self.inputs(target).map { Array($0.bytes) }
        var random = Numbers(state: UInt64(target.rawValue.utf8.reduce(0) { $0 + Int($1) }))
        seeds.removeAll { $0.count > 1000 }
        for round in 0..<400 {
            var bytes = seeds.randomElement(using: &random) ?? []
            let other = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0...bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                case 1 where at < bytes.count: bytes[at] = [0, 10, 13, 32, 46, 64].randomElement(using: &random) ?? 0
                case 2 where at < bytes.count: bytes.remove(at: at)
                case 3: bytes.insert(contentsOf: other.suffix(Int.random(in: 0...40, using: &random)), at: at)
                default: bytes.removeLast(min(bytes.count, Int.random(in: 0...9, using: &random)))
                }
            }
            run(target, bytes, "round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
    }

    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }
}
