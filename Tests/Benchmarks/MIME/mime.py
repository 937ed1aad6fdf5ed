#!/usr/bin/env python3
"""Messages taken apart and decoded: Postern beside GMime 3.2, on the same files, in turn, on one core.

mime.py [--rounds 5] [--core 1] [--stress]: each program reads all files of a set into memory, goes over them once, then some times more; rates are
bytes of messages by processor time, the best of all passes of all rounds. Sets: messages of POSTERN_TESTDATA, where that is, and generated ones.
MIMEBENCH names the executable (default .build/release/MIMEBenchmark)."""
import argparse, glob, json, os, statistics, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.normpath(os.path.join(here, "../../.."))
parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--core", type=int, default=1)
parser.add_argument("--stress", action="store_true", help="what no person sends, ours alone")
options = parser.parse_args()
ours = os.environ.get("MIMEBENCH", os.path.join(root, ".build/release/MIMEBenchmark"))
SETS = [
    ("mime-cpython", "**/*.txt"), ("mime-evasion-noxxi", "**/*.eml"), ("mime-gmime", "**/*.eml"), ("mime-mail-parser", "**/*.eml"),
    ("mime-mime4j", "**/*.msg"), ("mime-postfix", "**/*.in"), ("corpus-spamassassin", "sample/**/*"),
]


def pinned(*command):
    out = subprocess.run(["taskset", "-c", str(options.core), *command], stdout=subprocess.PIPE, check=True)
    return json.loads(out.stdout)


def build_peer(folder):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gmime-3.0"], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    peer = os.path.join(folder, "gmime")
    subprocess.run(["gcc", "-O2", os.path.join(here, "GMime/gmime.c"), "-o", peer, *flags], check=True)
    return peer


def sets(folder):
    data = os.environ.get("POSTERN_TESTDATA", os.path.normpath(os.path.join(root, "../shared/data")))
    for name, pattern in SETS:
        files = sorted(f for f in glob.glob(os.path.join(data, name, pattern), recursive=True) if os.path.isfile(f))
        if files: yield name, files
        else: print(f"no {name}: skipped", file=sys.stderr)
    for path in sorted(glob.glob(os.path.join(folder, "*.eml"))):
        yield os.path.basename(path)[:-4], [path]


def rates(peer, folder):
    print(f"one core ({options.core}), best of {options.rounds} rounds in turn, load {os.getloadavg()[0]:.1f}\n")
    print("| set | messages | MB | parts: GMime | Postern | decoded MB: GMime | Postern | MB/s: GMime | Postern | ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, files in sets(folder):
        size = sum(os.path.getsize(f) for f in files)
        passes = max(3, min(500, int(5e6 / max(size, 1))))
        seconds = {peer: [], ours: []}
        last = {}
        for turn in range(options.rounds):
            for program in ([peer, ours] if turn % 2 == 0 else [ours, peer]):
                last[program] = pinned(program, "rate", str(passes), *files)
                seconds[program] += last[program]["seconds"]
        theirs, own = (size / 1e6 / min(seconds[p]) for p in (peer, ours))
        print(f"| {name} | {len(files)} | {size / 1e6:.2f} | {last[peer]['parts']} | {last[ours]['parts']} "
              f"| {last[peer]['decoded'] / 1e6:.2f} | {last[ours]['decoded'] / 1e6:.2f} | {theirs:.0f} | {own:.0f} | {own / theirs:.1f} |", flush=True)


def latencies(peer, folder):
    print("\n| one message | bytes | us p50: GMime | Postern | ratio | with text and URLs | us p99: GMime | Postern | with text and URLs |")
    print("|---|---|---|---|---|---|---|---|---|")
    path = os.path.join(folder, "newsletter-10k.eml")
    runs = [(peer, "latency"), (ours, "latency"), (ours, "whole")]
    taken = {run: [] for run in runs}
    for _ in range(options.rounds):
        for run in runs: taken[run].append(pinned(run[0], run[1], "5000", path))
    (t50, t99), (o50, o99), (w50, w99) = ([min(r[key] for r in taken[run]) for key in ("p50", "p99")] for run in runs)
    print(f"| newsletter-10k | {os.path.getsize(path)} | {t50:.0f} | {o50:.0f} | {t50 / o50:.1f} | {w50:.0f} | {t99:.0f} | {o99:.0f} | {w99:.0f} |")


def memory(peer, folder):
    print("\n| before anything is decoded | message MB | MB beside it: GMime | Postern | all by the message: GMime | Postern |\n|---|---|---|---|---|---|")
    for name in ["base64-50m", "base64-1m", "plain-1m", "parts-5000"]:
        path = os.path.join(folder, name + ".eml")
        size = os.path.getsize(path)
        theirs, own = (statistics.median(pinned(p, "memory", path)["beside"] for _ in range(options.rounds)) for p in (peer, ours))
        print(f"| {name} | {size / 1e6:.2f} | {theirs / 1e6:.2f} | {own / 1e6:.2f} | {1 + theirs / size:.2f} | {1 + own / size:.2f} |")


if options.stress:
    print("| message | MB | tree ms | with decoding ms | ns/byte | MB beside it | parts | decoded MB | flags |\n|---|---|---|---|---|---|---|---|---|")
    names = subprocess.run([ours, "stress"], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "message")
        for name in names:
            subprocess.run([ours, "make", name, path], check=True)
            row = subprocess.run(["taskset", "-c", str(options.core), ours, "stress", path], stdout=subprocess.PIPE, check=True, text=True)
            print(f"| {name} {row.stdout}", end="", flush=True)
else:
    with tempfile.TemporaryDirectory() as folder:
        peer = build_peer(folder)
        subprocess.run([ours, "generate", folder], check=True)
        rates(peer, folder)
        latencies(peer, folder)
        memory(peer, folder)
