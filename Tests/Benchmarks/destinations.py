"""destinations.py [--messages N] [--rate N]: ten destinations, first all healthy, then one dead and one slow: what the other eight notice.

Each gets the same number of messages, in turn, at a steady rate. The slow one takes five seconds for every reply, the dead one refuses
connections (--hole: takes them and never says a word). The delay of a message is the log's: from its MAIL to the next hop's 250."""
import argparse, os, re, shutil, smtplib, socket, subprocess, tempfile, threading, time

TREE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
STAGE = os.environ.get("POSTERN_STAGE", TREE + "/build")
SLOW, DEAD, DOMAINS = "d8.test", "d9.test", [f"d{n}.test" for n in range(10)]


class Slow:
    """Answers each command after `seconds`, many sessions at a time."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=500)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        lines, in_data = connection.makefile("rb"), False
        try:
            time.sleep(self.seconds)
            connection.sendall(b"220 slow.example\r\n")
            for line in lines:
                if in_data and line != b".\r\n":
                    continue
                time.sleep(self.seconds)
                is_data = line[:4].upper() == b"DATA"
                connection.sendall(b"354 go on\r\n" if is_data else b"250 2.0.0 ok\r\n")
                in_data = is_data
        except OSError:
            pass


def silent():
    """A port that takes connections, and nobody is there."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=500)
    return listener, listener.getsockname()[1]


def refused():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def run(options, with_bad):
    folder = tempfile.mkdtemp(prefix="postern-destinations-")
    os.chmod(folder, 0o755)
    os.makedirs(folder + "/config/domains")
    port, sink_port = refused(), refused()
    hole, hole_port = silent()
    ports = dict.fromkeys(DOMAINS, sink_port)
    if with_bad:
        ports |= {SLOW: Slow(options.seconds).port, DEAD: hole_port if options.hole else refused()}
    files = {"postern.yaml": f"hostname: mx.gateway.example\nlisten: [{{address: 127.0.0.1, port: {port}, role: inbound}}]\n"
             f"data: {folder}/data\ncontrol: {folder}/control.sock\nplugins: []\ndns: {{file: zone.json}}\n"
             f"limits: {{sessions_per_client: 1000}}\nlog: {{file: {folder}/mail.log}}\n", "zone.json": "{}"}
    for domain in DOMAINS:
        files[f"domains/{domain}.yaml"] = (f"domain: {domain}\nrecipients: any\nfilters: []\n"
                                           f"deliver_to: [{{host: 127.0.0.1, port: {ports[domain]}, tls: never}}]\n")
    for name, text in files.items():
        with open(f"{folder}/config/{name}", "w") as file:
            file.write(text)
    sink = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{sink_port}", "500"])
    gateway = subprocess.Popen([STAGE + "/bin/postern", "run", "--no-supervisor", "--config", folder + "/config"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        while gateway.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.01)
        if with_bad:
            # What has gathered there already.
            for domain in (SLOW, DEAD):
                subprocess.run(["/usr/sbin/smtp-source", "-s", "10", "-m", str(options.backlog), "-l", "4096", "-f", "a@sender.test", "-t",
                                f"b@{domain}", f"127.0.0.1:{port}"], check=True)
            time.sleep(2)
        send(port, options)
        wanted = re.compile(r"event=delivered .*?to=\S+@(d[0-7]\.test) .*?delay=([0-9.]+)")
        deadline = time.monotonic() + 300
        while True:
            with open(folder + "/mail.log") as file:
                delays = [float(found[2]) for found in map(wanted.search, file) if found]
            if len(delays) >= 8 * options.messages:
                return sorted(delays)
            assert time.monotonic() < deadline, f"only {len(delays)} arrived"
            time.sleep(0.2)
    finally:
        for process in (gateway, sink):
            process.kill()
            process.wait()
        hole.close()
        shutil.rmtree(folder, ignore_errors=True)


def send(port, options):
    """To all ten in turn, over one session for each, at a steady rate."""
    start = time.monotonic()

    def session(number):
        with smtplib.SMTP("127.0.0.1", port, "client.example") as client:
            for message in range(options.messages):
                at = start + (message * len(DOMAINS) + number) / options.rate
                time.sleep(max(0, at - time.monotonic()))
                client.sendmail("a@sender.test", [f"b@{DOMAINS[number]}"], b"Subject: test\r\n\r\n" + b"x" * 70 + b"\r\n")

    threads = [threading.Thread(target=session, args=(n,)) for n in range(len(DOMAINS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=500, help="to each destination")
    parser.add_argument("--rate", type=float, default=300, help="messages a second, all together")
    parser.add_argument("--backlog", type=int, default=2000, help="that wait for the dead and the slow one before")
    parser.add_argument("--seconds", type=float, default=5, help="that the slow one takes for each reply")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--hole", action="store_true")
    options = parser.parse_args()
    print("| ten destinations | messages to the eight | p50 ms | p99 ms | max ms |\n|---|---|---|---|---|")
    for number in range(2 * options.rounds):
        delays = run(options, with_bad=number % 2 == 1)
        p50, p99 = (delays[int(len(delays) * part)] * 1000 for part in (0.5, 0.99))
        print(f"| {'one dead, one slow' if number % 2 else 'all healthy'} | {len(delays)} | {p50:.1f} | {p99:.1f} | {delays[-1] * 1000:.1f} |", flush=True)


main()
