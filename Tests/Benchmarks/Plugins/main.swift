import Foundation
import Mail

// What a plugin's call costs. `make bench-plugins` and `make bench-filters` give the arguments:
//
//     PluginBenchmark calls PLUGINS WORKER COUNT
//     PluginBenchmark scan LIST PLUGINS WORKER PLUGIN SETTINGS UNDERWAY

let arguments = Array(CommandLine.arguments.dropFirst())

/// The files that LIST names, a line each.
func files() throws -> [[UInt8]] {
    try String(contentsOfFile: arguments[1], encoding: .utf8).split(separator: "\n")
        .map { Array(try Data(contentsOf: URL(filePath: String($0)))) }
}

switch (arguments.first, arguments.count) {
case ("calls", 4):
    let (bench, count) = (try PluginBench(plugins: arguments[1], worker: arguments[2]), Int(arguments[3])!)
    report("| what | p50 us | p99 us | max us | a second | CPU us: gateway | worker |\n|---|---|---|---|---|---|---|")
    try CallBenchmark(bench, count: count).run()
    try PipelineBenchmark(bench, count: count).run()
    report("")
    try MessageBenchmark(bench, count: count).run()
    bench.close()
case ("scan", 7):
    let bench = try PluginBench(plugins: arguments[2], worker: arguments[3])
    try ScanBenchmark(bench, plugin: arguments[4], settings: arguments[5], underWay: Int(arguments[6])!).run(files())
    bench.close()
default:
    print("see the head of main.swift")
    exit(2)
}
