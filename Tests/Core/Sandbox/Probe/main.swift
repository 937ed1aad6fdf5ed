// Tries what a hostile filter may try, each in a process of its own that first enters the sandbox, or parts of it.
//
// SandboxProbe FOLDER LAYERS LANDLOCK [GROUP...]: one line per attempt, "verdict TAB name". LAYERS: "all", "none" or names with commas; LANDLOCK:
// a version of its ABI, 0 for a kernel without. SandboxProbe --enter LANDLOCK key=value...: enters once, prints the report or the failure.
import Glibc
import Sandbox
import SandboxAttempts

if CommandLine.arguments.count > 2, CommandLine.arguments[1] == "--enter" {
    exit(EnterOnce.run(CommandLine.arguments[2], CommandLine.arguments.dropFirst(3)))
}
guard CommandLine.arguments.count > 3 else {
    print("usage: SandboxProbe FOLDER LAYERS LANDLOCK [GROUP...]")
    exit(2)
}
exit(
    AttemptRun.run(
        folder: CommandLine.arguments[1], layers: CommandLine.arguments[2], landlock: CommandLine.arguments[3],
        groups: Array(CommandLine.arguments.dropFirst(4))))
