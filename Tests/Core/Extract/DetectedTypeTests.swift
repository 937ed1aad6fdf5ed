import Extract
import Foundation
import GatewayTestKit
import Testing

/// Types by content: by a table, and beside libmagic's.
@Suite struct DetectedTypeTests {
    private func bytes(_ text: String) -> [UInt8] {
        text.split(separator: " ").flatMap { word -> [UInt8] in
            if word.hasPrefix("'") { return Array(word.dropFirst().dropLast().replacing("_", with: " ").utf8) }
            let digits = Array(word)
            return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
        }
    }

    @Test(arguments: [
        ("7F 'ELF' 020101", "application/x-elf"), ("CAFEBABE 00000034 00000000", "application/java-vm"),
        ("CAFEBABE 00000002 01000007", "application/x-mach-binary"), ("CFFAEDFE 07000001", "application/x-mach-binary"),
        ("'dex' 0A '035' 00", "application/vnd.android.dex"), ("4C000000 01140200 00000000 C0000000 00000046", "application/x-ms-shortcut"),
        ("'Rar!' 1A0700", "application/vnd.rar"), ("'7z' BCAF271C 0004", "application/x-7z-compressed"), ("1F8B 0800", "application/gzip"),
        ("'%PDF-1.4'", "application/pdf"), ("00FF 'junk' 0A '%PDF-1.4'", "application/pdf"), ("'{\\rtf1_x}'", "text/rtf"),
        ("'{\\rt_x}'", "text/rtf"), ("89 'PNG' 0D0A1A0A", "image/png"), ("FFD8FFE0", "image/jpeg"), ("'GIF89a'", "image/gif"),
        ("'RIFF' 00000000 'WEBPVP8_'", "image/webp"), ("00000018 'ftypheic' 00000000", "image/heic"),
        ("00000018 'ftypisom' 00000000", "video/mp4"),
        ("78 9F3E22 0100", "application/vnd.ms-tnef"), ("'OTTO' 00", "font/otf"), ("'wOF2'", "font/woff2"),
        ("'_x' 0A '<HTML><p>'", "text/html"),
        ("'<!DOCTYPE_html>'", "text/html"), ("'<!--_x_--><svg_xmlns=x>'", "image/svg+xml"), ("'<?xml_version=_?><a/>'", "text/xml"),
        ("'<?xml_version=_?><svg_>'", "image/svg+xml"), ("'<html><HTA:APPLICATION_id=x>'", "application/hta"),
        ("'#!/bin/sh' 0A", "text/x-shellscript"),
        ("'#!/usr/bin/env_python3' 0A", "text/x-python"), ("'<?php_x'", "application/x-httpd-php"),
        ("'@echo_off' 0D0A", "text/x-msdos-batch"),
        ("'var_x=new_ActiveXObject(y);z();'", "text/javascript"), ("'On_Error_Resume_Next' 0A 'a=b(\"c\")&d(1)'", "text/vbscript"),
        ("'$a=(New-Object_Net.WebClient).x(\"y\");'", "text/x-powershell"), ("'#@~^aaa=='", "text/x-script-encoded"),
        ("'-----BEGIN_PGP_MESSAGE-----' 0A", "application/pgp-encrypted"), ("'Received:_x' 0A 'From:_y' 0A 'To:_z' 0A0A", "message/rfc822"),
        ("'BEGIN:VCARD' 0A", "text/vcard"), ("'{\"a\":1}'", "application/json"),
        ("'Dear_all,_see_var_x_and_eval(y)_please.'", "text/plain"),
        ("FFFE 3C00 6800 7400 6D00 6C00 3E00", "text/html"), ("'gr' C3BC 'n'", "text/plain"), ("'gr' FC 'n'", "text/plain"),
        ("00010203 04050607", ""), ("'MZ_text_about_it'", "text/plain"),
        ("'MZ_text_that_has_a_control_character_of_no_text_only_behind_the_64th' 01", "application/x-dosexec"),
        ("3080 0609 2A864886F70D010703 A080 3080 0201 00 0000 0000 0000", "application/pkcs7-mime"),
    ]) func table(_ content: String, _ type: String) {
        #expect(DetectedType.of(bytes(content)) == type)
    }

    @Test func programs() {
        var program = bytes("'MZ' 9000") + [UInt8](repeating: 0, count: 124) + bytes("'PE' 0000 6486")
        program[60] = 128
        #expect(DetectedType.of(program) == "application/vnd.microsoft.portable-executable")
        program[60] = 0xFF
        #expect(DetectedType.of(program) == "application/x-dosexec")
    }

    private func zip(_ names: [String], content: String = "x") -> [UInt8] {
        names.flatMap { name -> [UInt8] in
            bytes("'PK' 0304 1400 0000 0000 00000000 00000000") + [UInt8(content.utf8.count), 0, 0, 0, UInt8(content.utf8.count), 0, 0, 0]
                + [UInt8(name.utf8.count), 0, 0, 0] + name.utf8 + content.utf8
        }
    }

    @Test(arguments: [
        (["a.txt"], "application/zip"),
        (["[Content_Types].xml", "word/document.xml"], "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (["word/document.xml", "word/vbaProject.bin"], "application/vnd.ms-word.document.macroenabled.12"),
        (["xl/workbook.xml"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (["xl/workbook.bin"], "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
        (["META-INF/MANIFEST.MF"], "application/java-archive"),
        (["META-INF/MANIFEST.MF", "AndroidManifest.xml"], "application/vnd.android.package-archive"),
    ]) func zips(_ names: [String], _ type: String) {
        #expect(DetectedType.of(zip(names)) == type)
    }

    @Test func openDocument() {
        #expect(
            DetectedType.of(zip(["mimetype"], content: "application/vnd.oasis.opendocument.text"))
                == "application/vnd.oasis.opendocument.text")
    }

    @Test(arguments: [
        ("application/vnd.microsoft.portable-executable", "image/png", true), ("application/zip", "application/pdf", true),
        ("text/html", "image/jpeg", true),
        ("image/png", "image/jpeg", false), ("text/plain", "text/csv", false), ("text/html", "text/plain", false),
        ("image/png", "application/octet-stream", false),
        ("", "image/png", false), ("application/zip", "text/plain", true), ("application/pdf", "application/pdf", false),
    ]) func misleading(_ detected: String, _ declared: String, _ differs: Bool) {
        #expect(DetectedType.differs(detected, fromDeclared: declared) == differs)
    }

    /// libmagic's word -> ours, where they differ and ours is meant; `*`: any of ours.
    private static let reasons: [String: (ours: Set<String>, reason: String)] = [
        "application/x-rar": (["application/vnd.rar"], "IANA's name"), "audio/x-aiff": (["audio/aiff"], "IANA's style"),
        "audio/x-wav": (["audio/vnd.wave"], "RFC 2361"), "inode/x-empty": ([""], "nothing is unknown"),
        "text/xml": (
            ["application/msword", "application/vnd.ms-excel", "application/xhtml+xml", "image/svg+xml"], "Office opens its own XML"
        ),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (
            ["application/vnd.ms-excel.sheet.binary.macroenabled.12", "application/vnd.ms-excel.sheet.macroenabled.12"],
            "binary, or with macros"
        ),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (
            ["application/vnd.ms-word.document.macroenabled.12"], "with macros"
        ),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": (
            ["application/vnd.ms-powerpoint.presentation.macroenabled.12"], "with macros"
        ),
        "application/x-ndjson": (["application/json", "text/plain"], "lines of JSON"), "text/PGP": (["text/plain"], "signed text is text"),
        "text/plain": (
            ["message/rfc822", "text/html", "application/json", "text/javascript", "text/x-msdos-batch"],
            "mail that begins with other fields; elements"
        ),
        "text/html": (["message/rfc822", "text/plain"], "mail whose body is HTML; elements far in"),
        "text/x-tex": (["message/rfc822"], "mail"),
        "text/x-makefile": (["text/plain"], "words of text"), "message/rfc822": (["text/plain"], "one field alone"),
        "application/x-executable, no program header": (["application/x-elf"], "ELF"), "application/json": (["text/plain"], "cut off"),
        "application/vnd.symbian.install": ([""], "of no use today"),
        "application/octet-stream": (["*"], "libmagic knows none"),
    ]

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/file") && DataSet.isThere("archives"), "no `file`, or no test data"))
    func besideLibmagic() throws {
        let files = try ["archives", "maldocs-oletools", "mime-gmime", "mime-mime4j", "mime-cpython", "av"].flatMap {
            try DataSet.files($0)
        }
        var names = ""
        for path in files { names += DataSet.root.appending(path: path).path + "\n" }
        let list = FileManager.default.temporaryDirectory.appending(path: "types-\(UInt64.random(in: 0 ... .max))")
        try names.write(to: list, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: list) }
        let pipe = try #require(popen("/usr/bin/file --mime-type -b -f '\(list.path)'", "r"))
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 { answer += chunk[..<count] }
        pclose(pipe)
        let theirs = String(decoding: answer, as: UTF8.self).split(separator: "\n").map(String.init)
        try #require(theirs.count == files.count)
        var equal = 0
        for (path, their) in Swift.zip(files, theirs) {
            let ours = DetectedType.of(try DataSet.bytes(path))
            if ours == their {
                equal += 1
            } else {
                let allowed = Self.reasons[their]?.ours ?? []
                #expect(allowed.contains(ours) || allowed.contains("*"), "\(path): \(ours) here, \(their) by libmagic")
            }
        }
        #expect(equal * 10 > files.count * 6)
    }
}
