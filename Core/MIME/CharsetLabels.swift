/// The names that mail and the web give to charsets: the labels of the WHATWG Encoding Standard, and those of old mail programs beside them. Only what
/// is on this list is ever decoded, by our own name for it.
enum CharsetLabels {
    /// Our name for it -> labels, in lower case.
    private static let list = """
        ASCII: us-ascii ascii ansi_x3.4-1968 iso-ir-6 iso646-us 646 us csascii ansi_x3.4-1986 iso_646.irv:1991 cp367 ibm367 7bit default \
            x-unknown unknown-8bit x-user-defined
        UTF-8: utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf8mb4 cp65001 utf-8-sig
        UTF-7: utf-7 unicode-1-1-utf-7 unicode-2-0-utf-7 csunicode11utf7 cp65000 x-utf-7
        UTF-16: utf-16 ucs-2 iso-10646-ucs-2 csunicode unicode unicodefffe
        UTF-16LE: utf-16le ucs-2le
        UTF-16BE: utf-16be ucs-2be unicodefeff
        UTF-32: utf-32 ucs-4 iso-10646-ucs-4
        UTF-32LE: utf-32le ucs-4le
        UTF-32BE: utf-32be ucs-4be
        CP1252: iso-8859-1 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 latin1 l1 cp819 ibm819 csisolatin1 iso-ir-100 windows-1252 \
            cp1252 x-cp1252 ansi cp-1252 windows1252 8859-1 x-ansi latin-1
        IBM866: 866 cp866 csibm866 ibm866
        ISO-8859-2: csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2
        ISO-8859-3: csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3
        ISO-8859-4: csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4
        ISO-8859-5: csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988
        ISO-8859-6: arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 \
            iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987
        ISO-8859-7: csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 \
            sun_eu_greek
        ISO-8859-8: csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 \
            visual csiso88598i iso-8859-8-i logical
        ISO-8859-10: csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6
        ISO-8859-13: iso-8859-13 iso8859-13 iso885913 latin7 l7
        ISO-8859-14: iso-8859-14 iso8859-14 iso885914 latin8 l8 iso-ir-199
        ISO-8859-15: csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 latin9 latin-9
        ISO-8859-16: iso-8859-16 iso8859-16 iso885916 latin10 l10 iso-ir-226
        KOI8-R: cskoi8r koi koi8 koi8-r koi8_r
        KOI8-U: koi8-ru koi8-u
        KOI8-T: koi8-t
        MACINTOSH: csmacintosh mac macintosh x-mac-roman macroman x-macroman mac-roman
        MAC-CYRILLIC: x-mac-cyrillic mac-cyrillic x-mac-ukrainian mac-uk
        MAC-CENTRALEUROPE: x-mac-ce mac-ce mac-centraleurope x-mac-centraleurroman
        CP874: dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874 cp874 tis620 tis620-0
        CP1250: cp1250 windows-1250 x-cp1250 windows1250 cp-1250
        CP1251: cp1251 windows-1251 x-cp1251 windows1251 cp-1251 win-1251 win1251
        CP1253: cp1253 windows-1253 x-cp1253 windows1253
        CP1254: cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254 \
            windows1254
        CP1255: cp1255 windows-1255 x-cp1255 windows1255
        CP1256: cp1256 windows-1256 x-cp1256 windows1256
        CP1257: cp1257 windows-1257 x-cp1257 windows1257
        CP1258: cp1258 windows-1258 x-cp1258 windows1258
        GB18030: gb18030 gb18030-2000 chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb2312-80 cp936 \
            ms936 windows-936 euc-cn gb-2312 x-euc-cn
        HZ: hz hz-gb-2312 cshzgb2312 cp52936
        BIG5-HKSCS: big5 big5-hkscs cn-big5 csbig5 x-x-big5 big-5 big5hkscs cp950 ms950 windows-950 x-big5
        EUC-TW: euc-tw x-euc-tw
        EUC-JP-MS: cseucpkdfmtjapanese euc-jp-ms euc-jp x-euc-jp eucjp ujis eucjp-ms euc_jp
        ISO-2022-JP-3: csiso2022jp iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso-2022-jp-ms cp50220 cp50221 cp50222 jis \
            iso2022jp
        CP932: csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis cp932 windows-932 shiftjis x-ms-cp932
        CP949: cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949 cp949 uhc \
            ks_c_5601 ms949 euckr
        ISO-2022-KR: iso-2022-kr csiso2022kr
        JOHAB: johab cp1361 ms1361
        CP437: cp437 ibm437 437 cspc8codepage437
        CP737: cp737 ibm737
        CP775: cp775 ibm775
        CP850: cp850 ibm850 850 cspc850multilingual
        CP852: cp852 ibm852 852 cspcp852
        CP855: cp855 ibm855 855
        CP857: cp857 ibm857 857
        CP858: cp858 ibm00858 cp00858 pc-multilingual-850+euro
        CP860: cp860 ibm860
        CP861: cp861 ibm861 cp-is
        CP862: cp862 ibm862 dos-862
        CP863: cp863 ibm863
        CP864: cp864 ibm864
        CP865: cp865 ibm865
        CP869: cp869 ibm869 cp-gr
        VISCII: viscii csviscii
        TCVN: tcvn tcvn5712-1 tcvn-5712 x-viet-tcvn
        ARMSCII-8: armscii-8
        GEORGIAN-PS: georgian-ps
        PT154: pt154 ptcp154 csptcp154 cp154 cyrillic-asian
        CP037: cp037 ibm037 ebcdic-cp-us
        CP500: cp500 ibm500
        """

    private static let names: [String: String] = {
        var names: [String: String] = [:]
        for line in list.split(separator: "\n") {
            let (name, labels) = (line.prefix { $0 != ":" }, line.drop { $0 != ":" }.dropFirst())
            for label in labels.split(separator: " ") { names[String(label)] = String(name) }
        }
        return names
    }()

    /// Our name for a label: blanks, quotes and case aside.
    static func name(of label: [UInt8]) -> String? {
        guard label.count <= 64 else { return nil }
        let text = label.trimmed.unwrapped.lowercased.text
        if let name = names[text] { return name }
        // `utf-8*en`, `x-utf-8`, `windows_1252`: what is stuck to a name, or spelt otherwise.
        if let star = text.firstIndex(of: "*") { return names[String(text[..<star])] }
        let dashed = String(text.map { $0 == "_" ? "-" : $0 })
        return names[dashed] ?? (dashed.hasPrefix("x-") ? names[String(dashed.dropFirst(2))] : nil)
    }

    static var all: Set<String> { Set(names.values) }
}
