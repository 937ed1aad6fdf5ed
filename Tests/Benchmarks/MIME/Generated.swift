import Glibc

/// Messages of our own making, always the same.
enum Generated {
    static func write(to folder: String) {
        let messages: [(String, [UInt8])] = [
            ("newsletter-10k", newsletter()), ("base64-1m", attachment(1 << 20)), ("base64-50m", attachment(50 << 20)),
            ("base64-64k-30", several(30, 64 << 10)), ("quoted-printable-1m", quotedPrintable(1 << 20)),
            ("plain-1m", plain(1 << 20)), ("deep-60", deep(60)), ("parts-5000", many(5_000)),
        ]
        for (name, bytes) in messages {
            guard let file = fopen("\(folder)/\(name).eml", "w") else {
                print("cannot write to \(folder)")
                exit(2)
            }
            bytes.withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, file) }
            fclose(file)
        }
    }

    /// Numbers that are the same in each run.
    private struct Numbers {
        var state: UInt64 = 88_172_645_463_325_252
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
        mutating func below(_ count: Int) -> Int { Int(next() >> 16) % count }
    }

    private static let fields = """
        Received: from mx.example.net (mx.example.net [192.0.2.7])\r
        \tby mail.example.com with ESMTPS id 4Xk2pT3v9Qz1;\r
        \tMon, 16 Nov 2026 09:12:44 +0000 (UTC)\r
        DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=2026;\r
        \th=from:to:subject:date:message-id:mime-version:content-type;\r
        \tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r
        \tb=AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKlMnOpQrStUvWxYz0123456789\r
        From: =?utf-8?Q?B=C3=BCcher_am_Markt?= <news@example.net>\r
        To: <reader@example.com>\r
        Subject: =?UTF-8?B?TmV1ZXMgYXVzIGRlciBLw7xjaGU=?= 47/2026\r
        Date: Mon, 16 Nov 2026 09:12:40 +0000\r
        Message-ID: <20261116091240.4Xk2pT@example.net>\r
        List-Unsubscribe: <https://news.example.net/u/4Xk2pT>\r
        MIME-Version: 1.0\r

        """

    private static let words = """
        the of a kitchen table morning bread and price new for week you offer house read book with letter from garden water light stone
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    private static func sentence(_ random: inout Numbers) -> String {
        (0..<6 + random.below(9)).map { _ in words[random.below(words.count)] }.joined(separator: " ") + "."
    }

    /// multipart/alternative of text and HTML, both quoted-printable, about 10 KB.
    private static func newsletter() -> [UInt8] {
        var random = Numbers()
        var text = ""
        var html = "<html><head><meta charset=3D\"utf-8\"><style>p { color: #333333 }</style></head><body>\r\n"
        while text.utf8.count + html.utf8.count < 8_900 {
            let link = "https://news.example.net/c/\(random.below(1_000_000))"
            let (first, second) = (sentence(&random), sentence(&random))
            text += "\(first)\r\n\(second) Gr=C3=BC=C3=9Fe=20=\r\n\r\n\(link)\r\n\r\n"
            html += "<table role=3D\"presentation\" width=3D\"100%\"><tr><td style=3D\"padding: 8px; f=\r\nont-size: 14px\">\r\n"
            html += "<p>\(first) Gr=C3=BC=C3=9Fe</p>\r\n<p>\(second)</p>\r\n<a href=3D\"\(link)\">Read=\r\n on</a>\r\n"
            html += "<img src=3D\"https://img.example.net/\(random.below(9_999)).png\" width=3D\"120\"></td></tr></table>\r\n"
        }
        let part = "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        return Array(
            (fields + "Content-Type: multipart/alternative; boundary=\"----=_Part_77_1234.5678\"\r\n\r\n"
                + "------=_Part_77_1234.5678\r\nContent-Type: text/plain; charset=utf-8\r\n\(part)\(text)"
                + "------=_Part_77_1234.5678\r\nContent-Type: text/html; charset=utf-8\r\n\(part)\(html)</body></html>\r\n"
                + "------=_Part_77_1234.5678--\r\n").utf8)
    }

    /// Base64 in lines of 76, of `size` bytes.
    private static func base64(_ size: Int, _ random: inout Numbers) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var out: [UInt8] = []
        out.reserveCapacity(size * 78 / 57 + 80)
        var column = 0
        for _ in 0..<size / 3 {
            let bits = random.next()
            for i in 0..<4 { out.append(alphabet[Int(bits >> UInt64(20 + 6 * i)) & 63]) }
            column += 4
            if column == 76 {
                out += [13, 10]
                column = 0
            }
        }
        return out + [13, 10]
    }

    private static func attachment(_ size: Int) -> [UInt8] { several(1, size) }

    private static func several(_ count: Int, _ size: Int) -> [UInt8] {
        var random = Numbers()
        var out = Array((fields + "Content-Type: multipart/mixed; boundary=\"=_mixed\"\r\n\r\n--=_mixed\r\n\r\nSee below.\r\n").utf8)
        for i in 0..<count {
            out += Array(
                """
                --=_mixed\r
                Content-Type: application/pdf; name="report-\(i).pdf"\r
                Content-Disposition: attachment; filename="report-\(i).pdf"\r
                Content-Transfer-Encoding: base64\r
                \r

                """.utf8)
            out += base64(size, &random)
        }
        return out + Array("--=_mixed--\r\n".utf8)
    }

    private static func quotedPrintable(_ size: Int) -> [UInt8] {
        var random = Numbers()
        var out = Array((fields + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n").utf8)
        while out.count < size {
            out += Array((sentence(&random) + " Gr=C3=BC=C3=9Fe, na=C3=AFf, =E2=82=AC=20=\r\n" + sentence(&random) + "\r\n").utf8)
        }
        return out
    }

    private static func plain(_ size: Int) -> [UInt8] {
        var random = Numbers()
        var out = Array((fields + "Content-Type: text/plain; charset=us-ascii\r\n\r\n").utf8)
        while out.count < size { out += Array((sentence(&random) + "\r\n").utf8) }
        return out
    }

    /// Multiparts within each other, each with a text of its own.
    static func deep(_ depth: Int) -> [UInt8] {
        var out = Array(fields.utf8)
        for level in 0..<depth {
            out += Array(
                "Content-Type: multipart/mixed; boundary=\"level-\(level)\"\r\n\r\n--level-\(level)\r\n\r\ntext\r\n--level-\(level)\r\n"
                    .utf8)
        }
        out += Array("\r\nthe innermost\r\n".utf8)
        for level in (0..<depth).reversed() { out += Array("--level-\(level)--\r\n".utf8) }
        return out
    }

    static func many(_ count: Int) -> [UInt8] {
        var out = Array((fields + "Content-Type: multipart/mixed; boundary=\"=_many\"\r\n\r\n").utf8)
        for i in 0..<count {
            out += Array("--=_many\r\nContent-Type: text/plain; charset=utf-8; name=\"\(i).txt\"\r\n\r\nText number \(i).\r\n".utf8)
        }
        return out + Array("--=_many--\r\n".utf8)
    }
}
