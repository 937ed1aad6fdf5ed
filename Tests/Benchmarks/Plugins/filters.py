"""filters.py [--messages N] [--under-way N] [--rounds N]: the filters clamav and yara in workers beside clamd and the yara command, on the same
files, so many at a time.

The files are mail made here, each of them scanned once a round and unlike all others, so that no scanner's memory of clean files counts. Some have
Debian's clamav-testfiles attached. The signatures and rules are made here too, the same for both sides. Medians of the rounds, in turn."""
import argparse, base64, os, random, shutil, statistics, subprocess, tempfile, time

TREE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
STAGE = os.environ.get("POSTERN_STAGE", TREE + "/build")
PROGRAM = os.environ.get("BENCHMARK", TREE + "/.build/release/PluginBenchmark")
TEST_FILES = "/usr/share/clamav-testfiles"
CHANCE = random.Random(1)
WORDS = [bytes(CHANCE.choices(b"abcdefghijklmnopqrstuvwxyz", k=CHANCE.randint(2, 10))) for _ in range(3000)]


def prose(count):
    lines, size = [], 0
    while size < count:
        lines.append(b" ".join(CHANCE.choices(WORDS, k=9)) + b"\r\n")
        size += len(lines[-1])
    return b"".join(lines)


def part(kind, content, name=None):
    head = b"--next\r\nContent-Type: " + kind + b"\r\n"
    if name is None:
        return head + b"\r\n" + content
    return head + b'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="' + name + b'"\r\n\r\n' + \
        base64.encodebytes(content).replace(b"\n", b"\r\n")


def message(number, attachments):
    """Half are plain text, a third has HTML beside it, the others an attachment: each in eight a test file, or noise of up to 300 KB."""
    head = (b"From: <sender%d@sender.example>\r\nTo: <b@example.com>\r\nSubject: message %d\r\nMessage-ID: <%d@sender.example>\r\n"
            b"MIME-Version: 1.0\r\n" % (number, number, number))
    kind = number % 8
    if kind < 4:
        return head + b"\r\n" + prose(CHANCE.randint(500, 8000))
    parts = [part(b"text/plain", prose(CHANCE.randint(500, 4000))),
             part(b"text/html", b"<html><body><p>" + prose(CHANCE.randint(2000, 30000)).replace(b"\r\n", b"</p>\r\n<p>") + b"</p></body></html>\r\n")]
    if kind == 6:
        name, content = attachments[number // 8 % len(attachments)]
        parts.append(part(b"application/octet-stream", content, name))
    elif kind == 7:
        parts.append(part(b"application/octet-stream", CHANCE.randbytes(CHANCE.randint(1000, 300000)), b"noise.bin"))
    return head + b'Content-Type: multipart/mixed; boundary="next"\r\n\r\n' + b"".join(parts) + b"--next--\r\n"


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def make_messages(folder, count):
    os.mkdir(folder + "/mail")
    attachments = []
    for name in sorted(os.listdir(TEST_FILES)):
        with open(f"{TEST_FILES}/{name}", "rb") as file:
            content = file.read()
        if len(content) <= 65536:
            attachments.append((name.encode(), content))
    paths, size = [], 0
    for number in range(count):
        paths.append(f"{folder}/mail/{number}.eml")
        content = message(number, attachments)
        size += len(content)
        write(paths[-1], content)
    write(folder + "/list", "".join(path + "\n" for path in paths).encode())
    return size / count


def make_signatures(folder):
    """The file that all test files hold, and 10,000 that match nothing."""
    os.mkdir(folder + "/signatures")
    write(folder + "/signatures/test.hdb", b"aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File\n" + b"".join(
        b"%s:%d:Noise-%d\n" % (CHANCE.randbytes(16).hex().encode(), CHANCE.randint(100, 100000), n) for n in range(5000)))
    write(folder + "/signatures/noise.ndb", b"".join(
        b"Noise-N%d:%d:*:%s\n" % (n, CHANCE.choice((0, 1, 3, 4)), CHANCE.randbytes(CHANCE.randint(16, 60)).hex().encode()) for n in range(5000)))
    os.mkdir(folder + "/none")


def make_rules(folder):
    """300 of text, of hexadecimal strings and of regular expressions; some match."""
    rules = []
    for n in range(300):
        strings = {
            0: f'$a = "{WORDS[n].decode()} {WORDS[n + 1].decode()}" nocase $b = "{WORDS[n + 2].decode()}-{n}"',
            1: "$a = { " + CHANCE.randbytes(12).hex(" ") + " } $b = { " + CHANCE.randbytes(3).hex(" ") + " [2-8] " + CHANCE.randbytes(4).hex(" ") + " }",
            2: f"$a = /{WORDS[n].decode()}[0-9]{{2,6}}@[a-z]+\\.example/ $b = /https?:\\/\\/{WORDS[n + 1].decode()}\\.[a-z]{{2,8}}\\/login/ nocase",
        }[n % 3]
        rules.append(f"rule Made{n} {{ strings: {strings} condition: any of them }}\n")
    write(folder + "/rules.yar", "".join(rules).encode())
    subprocess.run(["yarac", folder + "/rules.yar", folder + "/rules.compiled"], check=True)


def start_clamd(folder, threads):
    write(folder + "/clamd.conf", f"""DatabaseDirectory {folder}/signatures
TemporaryDirectory {folder}
LocalSocket {folder}/clamd.sock
Foreground yes
MaxThreads {threads}
SelfCheck 0
AlertEncrypted yes
MaxScanSize 400M
MaxFileSize 100M
StreamMaxLength 100M
""".encode())
    if os.path.exists(folder + "/clamd.sock"):
        os.unlink(folder + "/clamd.sock")
    clamd = subprocess.Popen(["/usr/sbin/clamd", "-c", folder + "/clamd.conf"], stdout=subprocess.DEVNULL)
    while not os.path.exists(folder + "/clamd.sock"):
        assert clamd.poll() is None, "clamd does not start"
        time.sleep(0.1)
    return clamd


def figures_of(words, files):
    """Of a program that prints them as one line."""
    with open(files) as listed:
        output = subprocess.run([str(word) for word in words], check=True, stdin=listed, capture_output=True, text=True).stdout.splitlines()
    assert len(output) == 1, output
    return [float(word) for word in output[0].split()]


def cpu_of(pid):
    """Seconds."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def command(words, count, found, scanner=None):
    """A command that scans all of them, or has the process `scanner` do it: the figures that it has."""
    before, asked, start = os.times(), scanner and cpu_of(scanner), time.perf_counter()
    output = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    seconds, after = time.perf_counter() - start, os.times()
    own = 1000 * (after.children_user - before.children_user + after.children_system - before.children_system) / count
    cpu = [own, 1000 * (cpu_of(scanner) - asked) / count] if scanner else [None, own]
    return [count / seconds, None, None] + cpu + [found(output)]


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--messages", type=int, default=4000)
parser.add_argument("--under-way", type=int, default=4, help="the threads of a worker")
parser.add_argument("--rounds", type=int, default=3)
options = parser.parse_args()
folder = tempfile.mkdtemp(prefix="postern-filters-")
os.chmod(folder, 0o755)
clamd = None
try:
    size = make_messages(folder, options.messages)
    make_signatures(folder)
    make_rules(folder)
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", folder + "/instream", os.path.dirname(os.path.abspath(__file__)) + "/Scanners/instream.c", "-lpthread"],
                   check=True)
    worker = [f"{STAGE}/plugins", f"{STAGE}/bin/postern-worker"]
    files, width = folder + "/list", options.under_way
    yara = ["yara", "-C", "-w", folder + "/rules.compiled"]

    def with_clamd(case):
        """A new one each time: it remembers clean files."""
        global clamd
        clamd = start_clamd(folder, options.under_way)
        figures = case()
        clamd.terminate()
        clamd.wait(30)
        clamd = None
        return figures

    def matched(output):
        return len({line.split()[-1] for line in output.splitlines()})

    cases = {
        "clamav, a worker": lambda: figures_of(
            [PROGRAM, "scan", files, *worker, "clamav", f'{{"database": "{folder}/signatures"}}', width], files),
        "clamd, INSTREAM": lambda: with_clamd(
            lambda: figures_of([folder + "/instream", folder + "/clamd.sock", clamd.pid, width], files)),
        "clamdscan --stream --multiscan": lambda: with_clamd(lambda: command(
            ["clamdscan", "-c", folder + "/clamd.conf", "--stream", "--multiscan", "--no-summary", "-f", files], options.messages,
            lambda output: output.count(" FOUND"), clamd.pid)),
        "yara, a worker": lambda: figures_of(
            [PROGRAM, "scan", files, *worker, "yara", f'{{"rules": ["{folder}/rules.yar"]}}', width], files),
        f"yara -p {width}, one command for all": lambda: command(
            yara[:-1] + ["-p", str(width), "--scan-list", yara[-1], files], options.messages, matched),
        "yara, a command for each": lambda: command(
            ["xargs", "-a", files, "-n", "1", "-P", str(width)] + yara, options.messages, matched),
    }
    results = {name: [] for name in cases}
    for _ in range(options.rounds):
        for name, case in cases.items():
            results[name].append(case())
    print(f"{options.messages} messages of {size / 1024:.0f} KiB on the average, {width} at a time, {options.rounds} rounds\n")
    print("| | messages/s | p50 ms | p99 ms | CPU ms: who asks | who scans | with findings |\n|---|---|---|---|---|---|---|")
    for name, rounds in results.items():
        median = [None if None in column else statistics.median(column) for column in zip(*rounds)]
        cells = [f"{median[0]:,.0f}"] + ["" if value is None else f"{value:.2f}" for value in median[1:5]] + [f"{median[5]:.0f}"]
        print(f"| {name} | {' | '.join(cells)} |")
finally:
    if clamd:
        clamd.terminate()
        clamd.wait(30)
    shutil.rmtree(folder, ignore_errors=True)
