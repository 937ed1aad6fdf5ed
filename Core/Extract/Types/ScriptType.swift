/// Scripts without a mark at their beginning: by words that other text hardly has together.
enum ScriptType {
    private struct Kind {
        var type: String
        /// Alone enough.
        var sure: [StaticString]
        /// Several of them are.
        var usual: [StaticString]
        var enough: Int
    }

    private static let kinds: [Kind] = [
        Kind(
            type: "text/x-powershell",
            sure: [
                "[system.convert]::frombase64string", "invoke-expression", "new-object net.webclient", "new-object system.net.webclient",
            ],
            usual: [
                "write-host", "new-object", "set-executionpolicy", "$env:", "param(", "-encodedcommand", "downloadstring(", "iex ", "$_.",
                "invoke-webrequest", "get-item", "foreach-object", "import-module", "write-output", "-erroraction",
            ], enough: 2),
        Kind(
            type: "text/vbscript", sure: ["on error resume next", "wscript.createobject"],
            usual: [
                "createobject(", "wscript.", "end sub", "end function", "\ndim ", "\nset ", "end if", "chr(", "execute(", "msgbox ",
                "next\n",
            ],
            enough: 3),
        Kind(
            type: "text/javascript", sure: ["new activexobject(", "string.fromcharcode(", "document.getelementbyid("],
            usual: [
                "function(", "function (", "var ", "eval(", "document.", "window.", "return ", ");", "unescape(", "wscript.", "=> {",
                "const ",
                "let ", "'use strict'", "===", "} else {", ".prototype", "typeof ",
            ], enough: 4),
        Kind(
            type: "text/x-msdos-batch", sure: ["%comspec%", "setlocal enabledelayedexpansion"],
            usual: [
                "@echo", "\necho ", "\nset ", "goto ", "%~dp0", "%temp%", "cmd /c", "cmd.exe", "\nrem ", "if exist", "\npause",
                "powershell ",
            ],
            enough: 3),
    ]

    /// All words, those that begin alike one behind the other.
    private struct Words {
        struct Word {
            var text: StaticString
            /// Index into `kinds`.
            var kind: Int
            var isSure: Bool
        }

        private(set) var all: [Word] = []
        /// Where in `all` those begin that begin with each byte; one more for the end.
        private(set) var starts = [UInt8](repeating: 0, count: 257)

        init() {
            for (index, kind) in kinds.enumerated() {
                all += kind.sure.map { Word(text: $0, kind: index, isSure: true) }
                all += kind.usual.map { Word(text: $0, kind: index, isSure: false) }
            }
            all.sort { $0.text.utf8Start[0] < $1.text.utf8Start[0] }
            for byte in 0...256 { starts[byte] = UInt8(all.prefix { $0.text.utf8Start[0] < byte }.count) }
        }
    }

    private static let words = Words()

    /// nil: a text like any other.
    static func type(of body: UnsafeRawBufferPointer) -> String? {
        let head = UnsafeRawBufferPointer(rebasing: body.prefix(4096))
        // A sentence about scripts is none: most lines of prose are long and without brackets.
        guard head.countOfMarks * 25 > head.count else { return nil }
        let words = words
        var isSeen = [Bool](repeating: false, count: words.all.count)
        for at in head.indices {
            let byte = Int(head[at] &- 65 < 26 ? head[at] | 0x20 : head[at])
            for index in Int(words.starts[byte])..<Int(words.starts[byte + 1]) where !isSeen[index] {
                let word = words.all[index].text
                if head[at...].prefix(word.utf8CodeUnitCount).elementsEqualFolded(word) { isSeen[index] = true }
            }
        }
        for (index, kind) in kinds.enumerated() {
            let seen = words.all.indices.filter { isSeen[$0] && words.all[$0].kind == index }
            if seen.contains(where: { words.all[$0].isSure }) || seen.count >= kind.enough { return kind.type }
        }
        return nil
    }
}
