import Glibc
import MIME
import Mail

// Takes messages apart and decodes all that they hold.
//   MIMEBenchmark rate PASSES FILE...      processor seconds of each pass over the files, which are in memory
//   MIMEBenchmark latency COUNT FILE       one message, so many times
//   MIMEBenchmark whole COUNT FILE         the same, with all that filters can ask for: parts with their hashes and types, text, addresses
//   MIMEBenchmark memory FILE              what is taken beside the message before anything of it is decoded
//   MIMEBenchmark generate FOLDER          the messages that are measured beside those of others
//   MIMEBenchmark stress                   names of messages that no person sends
//   MIMEBenchmark stress FILE              what such a message costs
//   MIMEBenchmark make NAME FILE           one of them
// Figures as one line of JSON each, except for stress, which is a table's row.

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "rate": Rate.run(passes: Int(arguments[1])!, files: Array(arguments[2...]))
case "latency": Latency.run(count: Int(arguments[1])!, file: arguments[2])
case "whole": Latency.runWhole(count: Int(arguments[1])!, file: arguments[2])
case "memory": Memory.run(file: arguments[1])
case "generate": Generated.write(to: arguments[1])
case "stress": if arguments.count > 1 { Stress.run(file: arguments[1]) } else { Stress.list() }
case "make": Stress.write(arguments[1], to: arguments[2])
default:
    print("usage: MIMEBenchmark rate PASSES FILE... | latency COUNT FILE | whole COUNT FILE | memory FILE | generate FOLDER")
    print("       MIMEBenchmark stress [FILE] | make NAME FILE")
    exit(2)
}
