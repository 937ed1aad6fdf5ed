"""live.py [--seed N] [--connections N | --seconds S]: broken SMTP against a running gateway.

Starts the staged `postern` (POSTERN_STAGE) with listeners of every kind on loopback, speaks to it over many connections at once, each a mutated
dialogue of its own seed, and then asks whether all is well: the same processes, no session and no byte left open, memory bounded, every
message that got its 250 stored, no other stored than those whose client left without waiting, and a plain message still taken.
Exit status 0: all is well."""
import argparse, json, os, random, shutil, signal, smtplib, socket, subprocess, sys, tempfile, threading, time

import attacks

DOMAIN = """
domain: example.com
deliver_to: [{host: 127.0.0.1, port: %d, tls: never}]
recipients: any
filters: []
"""
GATEWAY = """
hostname: mx.gateway.example
listen:
  - {address: 127.0.0.1, port: %(plain)d, role: inbound, %(tls)s}}
  - {address: 127.0.0.1, port: %(normalize)d, role: inbound, line_ends: normalize}
  - {address: 127.0.0.1, port: %(implicit)d, role: inbound, %(tls)s, implicit: true}}
  - {address: 127.0.0.1, port: %(lmtp)d, role: inbound, protocol: lmtp}
  - {address: 127.0.0.1, port: %(proxy)d, role: inbound, proxy_protocol: [127.0.0.1]}
  - {address: 127.0.0.1, port: %(xclient)d, role: inbound, xclient: [127.0.0.1]}
data: %(folder)s/data
control: %(folder)s/control.sock
plugins: [%(stage)s/plugins]
dns: {file: zone.json}
queue: {retry: {first: 1h, most: 2h}}
limits: {message_size: 64KiB, bytes_in_flight: 1MiB, sessions_per_client: 1000, sessions_per_network: 1000}
"""
# Beyond what it needs at rest: 64 sessions at a time, a megabyte of messages in flight, SQLite's caches.
MOST_GROWTH_KIB = 256 << 10


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def wait(seconds, condition):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


class Gateway:
    def __init__(self, stage):
        self.stage = stage
        self.folder = tempfile.mkdtemp(prefix="postern-live-")
        names = ["plain", "normalize", "implicit", "lmtp", "proxy", "xclient"]
        *ports, nowhere = free_ports(len(names) + 1)
        self.ports = dict(zip(names, ports))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mx.gateway.example", "-keyout",
             self.folder + "/key.pem", "-out", self.folder + "/cert.pem"], check=True, capture_output=True)
        config = self.folder + "/config"
        os.makedirs(config + "/domains")
        tls = "tls: {certificate: %s/cert.pem, key: %s/key.pem" % (self.folder, self.folder)
        with open(config + "/postern.yaml", "w") as file:
            file.write(GATEWAY % dict(self.ports, tls=tls, folder=self.folder, stage=stage))
        with open(config + "/domains/example.com.yaml", "w") as file:
            file.write(DOMAIN % nowhere)
        with open(config + "/zone.json", "w") as file:
            file.write("{}")
        self.log = open(self.folder + "/log", "wb")
        self.process = subprocess.Popen(
            [stage + "/bin/postern", "run", "--config", config], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        if not wait(30, lambda: self.process.poll() is not None or self.health().get("ready")):
            raise SystemExit("the gateway did not start: " + self.text())
        if self.process.poll() is not None:
            raise SystemExit("the gateway ended: " + self.text())
        self.first = self.processes()

    def text(self):
        with open(self.folder + "/log", errors="replace") as file:
            return file.read()[-2000:]

    def health(self):
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(20)
                connection.connect(self.folder + "/control.sock")
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                data = b""
                while more := connection.recv(65536):
                    data += more
            return json.loads(data[data.index(b"{"):data.rindex(b"}") + 1])
        except (OSError, ValueError):
            return {}

    def processes(self):
        """Its own and its children's, with the time each began."""
        parents = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open("/proc/%s/stat" % name) as file:
                        fields = file.read().rpartition(")")[2].split()
                    parents[int(name)] = (int(fields[1]), fields[19])
                except OSError:
                    pass
        found = {self.process.pid}
        while True:
            more = {pid for pid, (parent, _) in parents.items() if parent in found} | found
            if more == found:
                return {pid: parents[pid][1] for pid in found if pid in parents}
            found = more

    def memory(self):
        """KiB of all its processes."""
        total = 0
        for pid in self.processes():
            try:
                with open("/proc/%d/status" % pid) as file:
                    total += sum(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
            except OSError:
                pass
        return total

    def stored(self):
        command = [self.stage + "/bin/postern", "queue", "list", "--state", "all", "--json", "--limit", "1000000", "--control",
                   self.folder + "/control.sock"]
        output = subprocess.run(command, check=True, capture_output=True, timeout=300).stdout
        return {json.loads(line)["id"] for line in output.splitlines()}

    def plain_message(self):
        with smtplib.SMTP("127.0.0.1", self.ports["plain"], timeout=60) as client:
            client.ehlo("client.example")
            client.mail("a@sender.example")
            client.rcpt("b@example.com")
            return client.data(b"Subject: after all that\r\n\r\nHello\r\n")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.log.close()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--connections", type=int)
    arguments.add_argument("--seconds", type=int)
    arguments = arguments.parse_args()
    if not arguments.connections and not arguments.seconds:
        arguments.connections = 200
    gateway = Gateway(os.environ["POSTERN_STAGE"])
    problems = []
    try:
        before = gateway.memory()
        began = time.monotonic()
        results = attacks.run(gateway.ports, arguments.seed, arguments.connections, arguments.seconds)
        took = time.monotonic() - began

        def check(condition, what):
            if not condition:
                problems.append(what)

        check(gateway.process.poll() is None, "the gateway ended: " + gateway.text())
        if not problems:
            check(wait(60, lambda: gateway.health().get("sessions") == 0), "sessions are left: %s" % gateway.health())
            check(gateway.health().get("bytes_in_flight") == 0, "bytes are left: %s" % gateway.health())
            check(gateway.health().get("ready"), "it is not ready: %s" % gateway.health())
            check(gateway.processes() == gateway.first, "other processes: %s, at first %s" % (gateway.processes(), gateway.first))
            grown = gateway.memory() - before
            check(grown < MOST_GROWTH_KIB, "its memory has grown by %d KiB" % grown)
            stored = gateway.stored()
            lost = results.queued - stored
            check(not lost, "lost after their 250: %s" % sorted(lost)[:5])
            unseen = stored - results.queued
            check(len(unseen) <= results.unanswered, "%d stored without a 250, %d left unanswered" % (len(unseen), results.unanswered))
            code, text = gateway.plain_message()
            check(code == 250, "a plain message got %d %s" % (code, text))
            check(len(gateway.stored()) == len(stored) + 1, "the plain message is not stored")
            problems += results.problems[:5]
            print("seed %d: %d connections in %.0f s, %d bytes sent, %d replies, %d messages with 250, memory +%d KiB" % (
                arguments.seed, results.connections, took, results.sent, results.replies, len(results.queued), grown))
    finally:
        gateway.stop()
    for problem in problems:
        print("problem: " + problem)
    if not problems:
        shutil.rmtree(gateway.folder)
    else:
        print("left in " + gateway.folder)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
