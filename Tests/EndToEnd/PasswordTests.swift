import Foundation
import Testing

/// `postern password`, checked by another implementation.
@Suite struct PasswordTests {
    @Test(.enabled(if: Tool.isStaged)) func fromStandardInput() throws {
        let made = try Tool.run([Tool.postern, "password", "Anna@Example.com"], input: "correct horse\nsecond line\n")
        #expect(made.status == 0 && made.errors == "")
        let parts = made.output.trimmingCharacters(in: .newlines).split(separator: ":", maxSplits: 1).map(String.init)
        #expect(parts.first == "anna@example.com")
        let hash = try #require(parts.last)
        #expect(hash.hasPrefix("$argon2id$v=19$m=65536,t=3,p=1$"))
        // The argon2 command makes the same of the same salt, given as bytes.
        let fields = hash.split(separator: "$")
        let salt = try #require(Data(base64Encoded: fields[3] + "=="))
        let script = """
            import subprocess, sys
            salt = bytes.fromhex('\(salt.map { String(format: "%02x", $0) }.joined())')
            r = subprocess.run([b'argon2', salt, b'-id', b'-t', b'3', b'-k', b'65536', b'-p', b'1', b'-l', b'32', b'-e'], input=b'correct horse', capture_output=True)
            print(r.stdout.decode().strip())
            """
        // The command takes its salt as an argument, which cannot hold a zero byte.
        if !salt.contains(0) { #expect(try Tool.run(["python3", "-"], input: script).output.trimmingCharacters(in: .newlines) == hash) }
        // The salt is another each time.
        #expect(try Tool.run([Tool.postern, "password", "Anna@Example.com"], input: "correct horse\n").output != made.output)
    }

    @Test(.enabled(if: Tool.isStaged)) func costsAndMistakes() throws {
        let cheap = try Tool.run([Tool.postern, "password", "--memory", "19MiB", "--passes", "2"], input: "x\n")
        #expect(cheap.status == 0 && cheap.output.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        for wrong in [
            ["--memory", "1MiB"], ["--memory", "2GiB"], ["--memory", "much"], ["--passes", "0"], ["--lanes", "17"], ["a:b"], ["a b"],
            ["@x"],
        ] {
            let result = try Tool.run([Tool.postern, "password"] + wrong, input: "x\n")
            #expect(result.status == 2 && result.output == "", "\(wrong): \(result.output)")
        }
        for input in ["", "\n", String(repeating: "x", count: 2000) + "\n"] {
            let result = try Tool.run([Tool.postern, "password"], input: input)
            #expect(result.status == 1 && result.output == "" && !result.errors.isEmpty, "\(input.count)")
        }
    }

    /// On a terminal nothing of what is typed is shown, and it is asked for twice.
    @Test(.enabled(if: Tool.isStaged)) func onATerminal() throws {
        func type(_ lines: String) throws -> Tool.Result {
            let script = """
                import os, pty, select, time
                pid, fd = pty.fork()
                if pid == 0: os.execv('\(Tool.postern)', ['postern', 'password', 'anna@example.com'])
                seen = b''
                def until(text):
                    global seen
                    end = time.time() + 60
                    while text not in seen and time.time() < end:
                        if not select.select([fd], [], [], 1)[0]: continue
                        try: seen += os.read(fd, 4096)
                        except OSError: return
                for prompt, line in zip([b'Password: ', b'Again: '], [\(lines)]):
                    until(prompt)
                    os.write(fd, line.encode())
                until(b'no such text')
                print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                print(seen.decode())
                """
            return try Tool.run(["python3", "-"], input: script, seconds: 120)
        }
        let made = try type("'t0psecret\\n', 't0psecret\\n'")
        #expect(made.output.hasPrefix("0\n") && made.output.contains("anna@example.com:$argon2id$"), "\(made.output)\(made.errors)")
        #expect(!made.output.contains("t0psecret"))
        let differing = try type("'t0psecret\\n', 'other\\n'")
        #expect(
            differing.output.hasPrefix("1\n") && differing.output.contains("the two differ") && !differing.output.contains("$argon2id$"))
        let interrupted = try type("'abc\\x03'")
        #expect(interrupted.output.hasPrefix("1\n") && interrupted.output.contains("interrupted"), "\(interrupted.output)")
    }
}
