#!/usr/bin/env python3
"""Takes from a layout what stands behind the end of the recorded one, so that only what the recorded layout knows is compared.

    trim.py RECORDED CURRENT > TRIMMED

Structs grow at the tail: a field that begins where the recorded struct ended is growth, and goes. One that lies before (in the middle, or in what
was padding, which an older side's `size` covers without having filled it) stays, and abidiff names it. abidiff's own suppression of insertions
at the end is of no use here: it hides every other change of the same struct with them.
"""
import sys
import xml.etree.ElementTree as xml

# Without `size`, and in no array with a stride: these never grow.
FROZEN = {"postern_bytes", "postern_ref", "postern_mask"}


def structs(tree):
    return {c.get("name"): c for c in tree.iter("class-decl") if c.get("size-in-bits") and c.get("name", "").startswith("postern_")}


def main():
    recorded, current = (xml.parse(path) for path in sys.argv[1:3])
    before = structs(recorded)
    for name, struct in structs(current).items():
        if name not in before or name in FROZEN:
            continue
        end = int(before[name].get("size-in-bits"))
        if int(struct.get("size-in-bits")) <= end:
            continue
        for member in struct.findall("data-member"):
            if int(member.get("layout-offset-in-bits")) >= end:
                struct.remove(member)
        struct.set("size-in-bits", str(end))
    current.write(sys.stdout, encoding="unicode")


main()
