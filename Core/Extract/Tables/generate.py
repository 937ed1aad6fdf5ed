#!/usr/bin/env python3
"""Writes the data files of Extract from the standards' own lists.

usage: generate.py UNICODE-FOLDER PUBLIC-SUFFIX-LIST

UNICODE-FOLDER is the Unicode character database (Debian: unicode-data, /usr/share/unicode), PUBLIC-SUFFIX-LIST the list of publicsuffix.org
(Debian: publicsuffix), of which only the top-level domains are taken. The names of HTML's character references come with Python.

Numbers are written in base 32, low digits first, as the characters from '0' on; 32 is added to all digits but the last.
"""
import html.entities
import os
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))


def number(value):
    text = ""
    while value >= 32:
        text += chr(48 + 32 + value % 32)
        value //= 32
    return text + chr(48 + value)


def signed(value):
    return number(value * 2 if value >= 0 else -value * 2 - 1)


def literal(text):
    lines = [text[at:at + 120] for at in range(0, len(text), 120)]
    return '#"""\n' + "".join("        %s\n" % line for line in lines) + '        """#'


def write(path, comment, name, tables):
    with open(os.path.join(HERE, "..", path), "w") as out:
        out.write("// Written by Tables/generate.py; not by hand.\n\n%s\nenum %s {\n" % (comment, name))
        out.write("\n".join("    %s\n    static let %s: StaticString = %s\n" % (doc, key, literal(text)) for key, doc, text in tables))
        out.write("}\n")


def rows(path, folder):
    for line in open(os.path.join(folder, path), encoding="utf-8"):
        line = line.split("#")[0].strip()
        if line:
            fields = [field.strip() for field in line.split(";")]
            first, _, last = fields[0].partition("..")
            yield int(first, 16), int(last or first, 16), fields[1:]


def runs(values):
    """(value, length) of equal neighbours."""
    out = []
    for value in values:
        if out and out[-1][0] == value:
            out[-1][1] += 1
        else:
            out.append([value, 1])
    return out


def unicode_tables(folder):
    size = 0x110000
    category = ["Cn"] * size
    bidi = ["L"] * size
    decomposition = {}
    start = None
    for line in open(os.path.join(folder, "UnicodeData.txt"), encoding="utf-8"):
        fields = line.rstrip("\n").split(";")
        code = int(fields[0], 16)
        if fields[1].endswith("First>"):
            start = code
            continue
        for each in range(start if fields[1].endswith("Last>") else code, code + 1):
            category[each] = fields[2]
        if fields[5] and not fields[5].startswith("<"):
            decomposition[code] = [int(part, 16) for part in fields[5].split()]
    for first, last, fields in rows("extracted/DerivedBidiClass.txt", folder):
        for code in range(first, last + 1):
            bidi[code] = fields[0]
    excluded = set()
    folded = {}
    for first, last, fields in rows("DerivedNormalizationProps.txt", folder):
        for code in range(first, last + 1):
            if fields[0] == "Full_Composition_Exclusion":
                excluded.add(code)
            elif fields[0] == "NFKC_CF":
                folded[code] = [int(part, 16) for part in fields[1].split()] if fields[1] else []
    joining = ["U"] * size
    for first, last, fields in rows("extracted/DerivedJoiningType.txt", folder):
        for code in range(first, last + 1):
            joining[code] = fields[0]
    return category, bidi, decomposition, excluded, folded, joining


def mapping(category, folded):
    """UTS 46 section 6, without STD3 rules and non-transitional: for each code point None (valid), 'disallowed', or what it becomes."""
    refused = {0xFFFC, 0xFFFD, 0x1806, 0x200E, 0x200F, 0xE0001}
    for first, last in [(0x202A, 0x202E), (0x2061, 0x2063), (0x61C, 0x61C), (0x206A, 0x206F), (0x2FF0, 0x2FFF), (0xE0020, 0xE007F),
                        (0xE0080, 0xE00FF), (0xE01F0, 0xE0FFF), (0x180E, 0x180E), 
                        (0xFFF0, 0xFFF8), (0x2065, 0x2065), (0x31EF, 0x31EF), (0xE0000, 0xE0000)]:
        refused.update(range(first, last + 1))
    # Valid as they are (deviations), or other than case folding says.
    own = {0xDF: None, 0x3C2: None, 0x200C: None, 0x200D: None, 0x1E9E: [0xDF], 0x3002: [0x2E], 0xFF0E: [0x2E], 0xFF61: [0x2E]}

    def valid(code):
        return code < 0x80 or category[code][0] not in "CZ"

    out = []
    for code in range(0x110000):
        if code in own:
            out.append(own[code])
        elif code in refused:
            out.append("disallowed")
        elif code in folded:
            become = folded[code]
            # One that hides a dot, `⒈`, would make two labels of one.
            fits = 0x2E not in become and all(valid(each) and each not in refused for each in become)
            out.append(tuple(become) if fits and category[code] not in ("Cn", "Co", "Cs") else "disallowed")
        else:
            out.append(None if valid(code) else "disallowed")
    return [tuple(each) if isinstance(each, list) else each for each in out]


def mapping_text(table):
    """Runs: kind + 8 * length, then what the kind needs. 0 valid, 1 disallowed, 2 ignored, 3 each becomes itself plus a number, 4 every other
    one becomes its successor, 5 each becomes a string of its own (its length, then differences)."""
    text = ""
    at = 0
    strings = []

    def flush():
        nonlocal text, strings
        if strings:
            text += number(5 + 8 * len(strings))
            for code, string in strings:
                text += number(len(string))
                for each in string:
                    text += signed(each - code)
            strings = []

    while at < len(table):
        value = table[at]
        end = at + 1
        if value in (None, "disallowed", ()):
            while end < len(table) and table[end] == value:
                end += 1
            flush()
            text += number({None: 0, "disallowed": 1, (): 2}[value] + 8 * (end - at))
        else:
            delta = value[0] - at
            while len(value) == 1 and end < len(table) and table[end] == (end + delta,):
                end += 1
            other = at
            while delta == 1 and other < len(table) - 1 and table[other] == (other + 1,) and table[other + 1] is None:
                other += 2
            if len(value) == 1 and other - at > 2:
                flush()
                end = other
                text += number(4 + 8 * (end - at))
            elif len(value) == 1 and end - at > 1:
                flush()
                text += number(3 + 8 * (end - at)) + signed(delta)
            else:
                end = at + 1
                strings.append((at, value))
        at = end
    flush()
    return text


def class_text(values, names):
    return "".join(number(names.index(value) + len(names) * length) for value, length in runs(values))


def decomposition_text(table, excluded):
    """Per code point: the difference to the one before, 2 * excluded + (0 for one, 1 for two), then the parts."""
    text = ""
    before = 0
    for code in sorted(table):
        parts = table[code]
        text += number(code - before) + number(2 * (code in excluded) + len(parts) - 1)
        text += "".join(signed(part - code) for part in parts)
        before = code
    return text


def reference_text():
    """Per name: characters shared with the one before, 2 * further characters + (1 where it needs no semicolon), the characters, 1 or 2 code
    points."""
    names = {}
    for name, value in html.entities.html5.items():
        names.setdefault(name.rstrip(";"), [value, False])[1] |= not name.endswith(";")
    text = ""
    before = ""
    for name in sorted(names):
        value, bare = names[name]
        shared = len(os.path.commonprefix([before, name]))
        rest = name[shared:]
        text += number(shared) + number(2 * len(rest) + bare) + rest + number(len(value) - 1) + "".join(number(ord(each)) for each in value)
        before = name
    return text


def domains(path):
    found = set()
    for line in open(path, encoding="utf-8"):
        if "END ICANN" in line:
            break
        line = line.strip()
        if line and not line.startswith("//"):
            label = line.split(".")[-1]
            found.add(label.encode("idna").decode().lower())
    return " ".join(sorted(found))


def main():
    folder, suffixes = sys.argv[1:]
    category, bidi, decomposition, excluded, folded, joining = unicode_tables(folder)
    classes = ["L", "R", "AL", "AN", "EN", "ES", "CS", "ET", "ON", "BN", "NSM", "other"]
    write("URLs/DomainTables.swift", "/// What internationalised domain names need of Unicode (UTS 46, RFC 5892, RFC 5893).", "DomainTables", [
        ("mapping", "/// UTS 46 section 5: see IDNAMapping.", mapping_text(mapping(category, folded))),
        ("decompositions", "/// Canonical decompositions: see Normalization.", decomposition_text(decomposition, excluded)),
        ("bidiClasses", "/// Runs of bidirectional classes: see BidiClass.",
         class_text([each if each in classes else "other" for each in bidi], classes)),
        ("joiningTypes", "/// Runs of joining types: see JoiningType.", class_text(joining, ["U", "L", "R", "D", "T", "C"])),
    ])
    write("HTML/ReferenceTable.swift", "/// HTML's named character references (HTML, section 13.5).", "ReferenceTable", [
        ("names", "/// In the order of their names: see CharacterReferences.", reference_text())])
    text = domains(suffixes)
    with open(os.path.join(HERE, "..", "URLs/TopLevelTable.swift"), "w") as out:
        out.write("// Written by Tables/generate.py; not by hand.\n\n/// The public top-level domains, as the DNS has them.\nenum TopLevelTable {\n")
        out.write("    /// In alphabetical order.\n    static let names: StaticString = \"\"\"\n")
        line = ""
        for word in text.split(" "):
            if len(line) + len(word) > 118:
                out.write("        %s\n" % line)
                line = ""
            line += (" " if line else "") + word
        out.write("        %s\n        \"\"\"\n}\n" % line)


if __name__ == "__main__":
    main()
