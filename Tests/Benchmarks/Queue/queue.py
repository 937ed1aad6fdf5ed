"""queue.py [--counts 0,100000,1000000]: what a long queue costs. make bench-queue runs it.

For each count a data folder is filled straight through the store (4 KiB messages for a next hop that refuses connections, a hundredth of them
due, the rest spread over four hours), the gateway is started on it, and mail for another, healthy next hop goes through. Loopback, release."""
import argparse, os, shutil, socket, subprocess, tempfile, time

TREE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
STAGE = os.environ.get("POSTERN_STAGE", TREE + "/build")
FILL = os.environ.get("POSTERN_FILL", TREE + "/.build/release/QueueBenchmark")


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


class Bench:
    def __init__(self, folder, count, size):
        self.folder, self.count = folder, count
        self.port, self.sink_port, self.dead_port = free_port(), free_port(), free_port()
        self.log = folder + "/mail.log"
        os.makedirs(folder + "/config/domains")
        self.write("postern.yaml", f"""
hostname: mx.gateway.example
listen: [{{address: 127.0.0.1, port: {self.port}, role: inbound}}]
data: {folder}/data
control: {folder}/control.sock
plugins: []
dns: {{file: zone.json}}
limits: {{sessions_per_client: 1000}}
log: {{file: {self.log}}}
""")
        self.write("zone.json", "{}")
        for domain, port in [("backlog.test", self.dead_port), ("fresh.test", self.sink_port)]:
            self.write(f"domains/{domain}.yaml",
                       f"domain: {domain}\ndeliver_to: [{{host: 127.0.0.1, port: {port}, tls: never}}]\nrecipients: any\nfilters: []\n")
        os.mkdir(folder + "/data")
        if count:
            print(subprocess.run([FILL, folder + "/data", str(count), str(size), str(4 * 3600)], check=True, capture_output=True,
                                 text=True).stdout.strip(), flush=True)
        self.sink = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{self.sink_port}", "500"])

    def write(self, name, text):
        with open(f"{self.folder}/config/{name}", "w") as file:
            file.write(text)

    def start(self):
        """Seconds until it takes mail, until the first attempt is over, and until the whole queue is loaded (None without a backlog)."""
        begin = time.monotonic()
        self.gateway = subprocess.Popen([STAGE + "/bin/postern", "run", "--no-supervisor", "--config", self.folder + "/config"],
                                        stdout=open(self.folder + "/gateway.log", "w"), stderr=subprocess.STDOUT)
        while True:
            assert self.gateway.poll() is None, "it did not start"
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                time.sleep(0.002)
        ready = time.monotonic() - begin
        while self.count and not self.lines("event=deferred"):
            assert time.monotonic() - begin < 600, "no attempt in ten minutes"
            time.sleep(0.005)
        first = time.monotonic() - begin if self.count else None
        while self.count and "took up" not in open(self.folder + "/gateway.log").read():
            assert time.monotonic() - begin < 600, "not loaded in ten minutes"
            time.sleep(0.005)
        return ready, first, time.monotonic() - begin if self.count else None

    def lines(self, event):
        if not os.path.exists(self.log):
            return 0
        return int(subprocess.run(["grep", "-c", event, self.log], capture_output=True, text=True).stdout or 0)

    def memory(self):
        with open(f"/proc/{self.gateway.pid}/smaps_rollup") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024

    def cpu(self):
        with open(f"/proc/{self.gateway.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self):
        """The attempts that are due are made."""
        before = -1
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and (now := self.cpu()) - before > 0.3:
            before = now
            time.sleep(3)

    def flow(self, messages):
        """Accepted and delivered per second, CPU ms each."""
        spent, begin = self.cpu(), time.monotonic()
        subprocess.run(["/usr/sbin/smtp-source", "-s", "20", "-m", str(messages), "-l", "4096", "-f", "a@sender.test", "-t", "b@fresh.test",
                        f"127.0.0.1:{self.port}"], check=True)
        accepted = time.monotonic() - begin
        while (done := self.lines("event=delivered")) < messages:
            assert time.monotonic() - begin < 600, f"{done} of {messages} delivered"
            time.sleep(0.05)
        drained = time.monotonic() - begin
        return messages / accepted, messages / drained, (self.cpu() - spent) * 1000 / messages

    def listing(self, *arguments):
        begin = time.monotonic()
        output = subprocess.run([STAGE + "/bin/postern", "queue", "list", *arguments, "--control", self.folder + "/control.sock"], check=True,
                                capture_output=True, text=True).stdout
        return time.monotonic() - begin, output.count("\n")

    def stop(self):
        begin = time.monotonic()
        self.gateway.terminate()
        self.gateway.wait(300)
        self.sink.kill()
        self.sink.wait()
        return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", default="0,100000,1000000")
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--messages", type=int, default=20000)
    parser.add_argument("--folder", default=None, help="where the data folders are made (default: the system's temporary folder)")
    options = parser.parse_args()
    print("| queued | data MB | ready s | first attempt s | loaded s | PSS MB | accepted/s | drained/s | CPU ms each | list of 20 s | whole list s | PSS after MB | stop s |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for count in map(int, options.counts.split(",")):
        folder = tempfile.mkdtemp(prefix="postern-queue-", dir=options.folder)
        os.chmod(folder, 0o755)
        bench = Bench(folder, count, options.size)
        try:
            size = sum(os.path.getsize(f"{folder}/data/{name}") for name in os.listdir(folder + "/data")) / 1e6
            ready, first, loaded = bench.start()
            bench.settle()
            rest = bench.memory()
            accepted, drained, cpu = bench.flow(options.messages)
            short, _ = bench.listing("--limit", "20")
            whole, lines = bench.listing("--limit", "10000000", "--json")
            assert lines == count, f"{lines} listed"
            after = bench.memory()
            stopped = bench.stop()
            print(f"| {count} | {size:.0f} | {ready:.2f} | {'' if first is None else f'{first:.2f}'} | {'' if loaded is None else f'{loaded:.2f}'} "
                  f"| {rest:.0f} | {accepted:.0f} | {drained:.0f} "
                  f"| {cpu:.2f} | {short:.2f} | {whole:.1f} | {after:.0f} | {stopped:.1f} |", flush=True)
        finally:
            for process in (bench.sink, getattr(bench, "gateway", None)):
                if process and process.poll() is None:
                    process.kill()
                    process.wait()
            shutil.rmtree(folder, ignore_errors=True)


main()
