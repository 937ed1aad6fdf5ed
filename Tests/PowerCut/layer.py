"""layer.py: what the layer keeps of single calls, made by this interpreter under it. Exit status 0: as it should be."""
import os, shutil, subprocess, sys, tempfile

STAGE = os.environ.get("POSTERN_STAGE", "build")

# What is done in the folder, what is left of it where nothing unsynced stays, and where everything does. `d` is the folder's descriptor.
START = "import os; d = os.open('.', os.O_RDONLY); W = os.O_RDWR | os.O_CREAT\n"
CASES = [
    ("nothing synced", "f = os.open('a', W); os.write(f, b'one')", {}, {"a": "one"}),
    ("contents without a name", "f = os.open('a', W); os.write(f, b'one'); os.fsync(f)", {}, {"a": "one"}),
    ("a name without contents", "f = os.open('a', W); os.write(f, b'one'); os.fsync(d)", {"a": ""}, {"a": "one"}),
    ("both", "f = os.open('a', W); os.write(f, b'one'); os.fsync(f); os.fsync(d)", {"a": "one"}, {"a": "one"}),
    ("fdatasync", "f = os.open('a', W); os.write(f, b'one'); os.fdatasync(f); os.fsync(d)", {"a": "one"}, {"a": "one"}),
    ("O_SYNC", "f = os.open('a', W | os.O_SYNC); os.write(f, b'one'); os.fsync(d)", {"a": "one"}, {"a": "one"}),
    ("what was there", "f = os.open('old', os.O_RDWR); os.pwrite(f, b'X', 1)", {"old": "abc"}, {"old": "aXc"}),
    ("O_TRUNC", "os.open('old', os.O_RDWR | os.O_TRUNC)", {"old": "abc"}, {"old": ""}),
    ("O_APPEND", "f = os.open('old', os.O_WRONLY | os.O_APPEND); os.write(f, b'd'); os.fsync(f)", {"old": "abcd"}, {"old": "abcd"}),
    ("writev and a second descriptor", "f = os.open('old', os.O_RDWR); g = os.dup(f); os.writev(g, [b'X', b'Y']); os.fsync(f); os.write(g, b'Z')",
     {"old": "XYc"}, {"old": "XYZ"}),
    ("ftruncate", "f = os.open('old', os.O_RDWR); os.ftruncate(f, 1); os.fsync(f); os.ftruncate(f, 2)", {"old": "a"}, {"old": "a\0"}),
    ("unlink", "os.unlink('old')", {"old": "abc"}, {}),
    ("unlink, synced", "os.unlink('old'); os.fsync(d)", {}, {}),
    ("rename", "os.rename('old', 'new')", {"old": "abc"}, {"new": "abc"}),
    ("rename, synced", "os.rename('old', 'new'); os.fsync(d)", {"new": "abc"}, {"new": "abc"}),
    ("link", "os.link('old', 'new'); os.fsync(d); os.unlink('old')", {"old": "abc", "new": "abc"}, {"new": "abc"}),
    ("O_TMPFILE", "f = os.open('.', os.O_RDWR | os.O_TMPFILE); os.write(f, b'one'); os.fsync(f); "
     "os.link(f'/proc/self/fd/{f}', 'a', src_dir_fd=d, follow_symlinks=True)", {}, {"a": "one"}),
    ("O_TMPFILE, synced", "f = os.open('.', os.O_RDWR | os.O_TMPFILE); os.write(f, b'one'); os.fsync(f); "
     "os.link(f'/proc/self/fd/{f}', 'a', src_dir_fd=d, follow_symlinks=True); os.fsync(d)", {"a": "one"}, {"a": "one"}),
    ("a folder", "os.mkdir('sub'); f = os.open('sub/a', W); os.write(f, b'one'); os.fsync(f); os.fsync(os.open('sub', os.O_RDONLY))", {},
     {"sub/a": "one"}),
    ("a folder, synced", "os.mkdir('sub'); f = os.open('sub/a', W); os.write(f, b'one'); os.fsync(f); os.fsync(os.open('sub', os.O_RDONLY)); "
     "os.fsync(d)", {"sub/a": "one"}, {"sub/a": "one"}),
    ("fallocate", "f = os.open('old', os.O_RDWR); os.posix_fallocate(f, 0, 4); os.fsync(f)", {"old": "abc\0"}, {"old": "abc\0"}),
]


def run(code, keeps, fault=""):
    """The files that are left; None: it was not cut."""
    with tempfile.TemporaryDirectory() as folder:
        data, image = folder + "/data", folder + "/image"
        os.mkdir(data)
        for name, text in [("data/old", "abc"), ("plan", f"before 1000 {keeps} 1"), ("fault", fault)]:
            with open(f"{folder}/{name}", "w") as file:
                file.write(text)
        # At last a thousand syncs of a file of their own: the plan's cut.
        whole = f"{START}{code}\nq = os.open('quiet', W)\nfor _ in range(1001): os.fsync(q)\n"
        environment = {**os.environ, "LD_PRELOAD": STAGE + "/tests/powercut.so", "POSTERN_POWERCUT_ROOT": data,
                       "POSTERN_POWERCUT_IMAGE": image, "POSTERN_POWERCUT_PLAN": folder + "/plan", "POSTERN_DISKFAULT": folder + "/fault"}
        ended = subprocess.run([sys.executable, "-c", whole], cwd=data, env=environment, capture_output=True, text=True)
        if not os.path.exists(image + "/cut"):
            return None, ended.stderr
        with open(image + "/missed") as file:
            missed = file.read()
        found = {}
        for place, _, names in os.walk(image + "/tree"):
            for name in names:
                with open(f"{place}/{name}") as file:
                    found[os.path.relpath(f"{place}/{name}", image + "/tree")] = file.read()
        found.pop("quiet", None)
        return found, missed


def main():
    wrong = 0
    for name, code, nothing, everything in CASES:
        for keeps, wanted in [("nothing", nothing), ("everything", everything)]:
            if "old" not in wanted and "old" not in code:
                wanted = {**wanted, "old": "abc"}
            found, missed = run(code, keeps)
            if found != wanted or missed:
                wrong += 1
                print(f"{name}, where {keeps} stays: {found}, not {wanted}. {missed}")
    # A sync that failed loses what was pending, though the next one is well.
    failed = "f = os.open('old', os.O_RDWR); os.pwrite(f, b'X', 0)\n" + \
             "open('../fault', 'w').write('sync-loses 1')\ntry: os.fsync(f); print('no error')\nexcept OSError as e: assert e.errno == 5\n" + \
             "open('../fault', 'w').write(''); os.fsync(f)"
    found, missed = run(failed, "everything")
    if found != {"old": "abc"} or missed:
        wrong += 1
        print(f"a failed sync: {found} {missed}")
    # A write that the layer does not see is told.
    unseen = "import subprocess; subprocess.run(['env', '-u', 'LD_PRELOAD', 'sh', '-c', 'echo unseen > old'])"
    found, missed = run(unseen, "nothing")
    if "old: differs" not in missed:
        wrong += 1
        print(f"unseen: {found} {missed}")
    print(f"{2 * len(CASES) + 2} cases, {wrong} wrong")
    sys.exit(1 if wrong else 0)


main()
