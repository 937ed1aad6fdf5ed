#!/usr/bin/env python3
"""Every function of the ABI says where it may be called, and every pointer how long it lives.

    tags.py INCLUDE      the folder that holds postern/; prints what is missing as FILE:LINE: ...

A function pointer or function needs a tag ([loop], [pool], [any-thread], [config]; [may-block] besides) in the comment right above it, or one in the
comment of its struct that begins with "All functions:". A struct with pointers needs its class (`Lifetime: run`) in its comment, or in that of
each field that is a pointer.
"""
import pathlib
import re
import sys

WHERE = {"loop", "pool", "any-thread", "config"}
TAGS = WHERE | {"may-block"}
CLASSES = "that of|process|module|instance|session|transaction|run|call"
LIFETIME = re.compile(rf"(?i)\blifetime\b[^:.;]*:\s*(?:the )?({CLASSES})\b")
STRUCT = re.compile(r"^(?:typedef )?struct (postern_\w+) \{$")
FUNCTION = re.compile(r"\(\*(\w+)\)\s*\(")
POINTER = re.compile(r"^\s+[\w ]+\*\s*(\w+);|^\s+postern_(?:bytes|mask) (\w+);")
DECLARATION = re.compile(r"^POSTERN_EXPORT .*\*?(postern_\w+)\(")


def tags(comment):
    # A bracket after a word or a `]` is no tag but a part of something: operations[0 ..< count].
    return {tag for tag in re.findall(r"(?<![\w\]])\[([a-z-]+)\]", comment)}


class Header:
    def __init__(self, path):
        self.path, self.lines, self.problems = path, path.read_text().split("\n"), []

    def say(self, at, text):
        self.problems.append(f"{self.path}:{at + 1}: {text}")

    def comment_above(self, at):
        """The comment that ends on the line before, whole; empty when something else stands there."""
        end = at
        if end == 0 or not self.lines[end - 1].rstrip().endswith("*/"):
            return ""
        start = end - 1
        while start >= 0 and "/*" not in self.lines[start]:
            start -= 1
        # One that follows code on its line belongs to that code.
        if not self.lines[start].strip().startswith("/*"):
            return ""
        return "\n".join(self.lines[start:end])

    def check(self):
        struct, about = None, ""
        for at, line in enumerate(self.lines):
            if match := STRUCT.match(line):
                struct, about = match[1], self.comment_above(at)
                self.lifetimes(at, struct, about)
            elif line.startswith("}"):
                struct = None
            elif struct and (match := FUNCTION.search(line)):
                self.function(at, f"{struct}.{match[1]}", self.comment_above(at), about)
            elif match := DECLARATION.match(line):
                self.function(at, match[1], self.comment_above(at), "")
        return self.problems

    def function(self, at, name, comment, about):
        found = tags(comment)
        if "All functions:" in about:
            found |= tags(about[about.index("All functions:"):])
        for tag in sorted(found - TAGS):
            self.say(at, f"{name} has the unknown tag [{tag}]; known are {', '.join(sorted(TAGS))}")
        if not found & WHERE:
            self.say(at, f"{name} does not say where it may be called: [loop], [pool], [config] or [any-thread]")

    def lifetimes(self, at, struct, about):
        if LIFETIME.search(about):
            return
        for i in range(at + 1, len(self.lines)):
            line = self.lines[i]
            if line.startswith("}"):
                return
            match = POINTER.match(line)
            if match and not FUNCTION.search(line):
                comment = self.comment_above(i) + line
                if not LIFETIME.search(comment):
                    self.say(i, f"{struct}.{match[1] or match[2]} names no lifetime, nor does the comment of its struct")


def main():
    headers = sorted(pathlib.Path(sys.argv[1], "postern").rglob("*.h"))
    problems = [problem for path in headers for problem in Header(path).check()]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems or not headers else 0


sys.exit(main())
