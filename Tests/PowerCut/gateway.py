"""A gateway of the staged tree on loopback, with a data folder that survives it."""
import atexit, functools, json, os, shutil, signal, socket, subprocess, tempfile, time

STAGE = os.environ.get("POSTERN_STAGE", "build")
TREE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))

CONFIGURATION = """
hostname: mx.gateway.example
listen: [{address: 127.0.0.1, port: %(port)d, role: inbound}]
data: %(data)s
control: %(control)s
plugins: [%(probe)s]
dns: {file: zone.json}
queue: {retry: {first: 1s, most: 2s}, reply_timeout: 5s, end_of_data_timeout: 5s}
limits: {sessions_per_client: 1000, sessions_per_network: 1000, message_size: 4MiB%(limits)s}
"""
# What each domain makes of a message's `Probe-Score: 7`.
DOMAINS = {
    "example.com": "filters: [probe]\nthresholds: {tag: 5, quarantine: 20, reject: 30}",
    "kept.example": "filters: [probe]\nthresholds: {quarantine: 6, reject: 20}",
    "strict.example": "filters: [probe]\nthresholds: {reject: 6}",
    # Held for another inspection while `broken` is there.
    "careful.example": "filters: [{probe: {broken: %(folder)s/broken, on_error: defer}}]",
}


def wait(seconds, condition, pause=0.02):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(pause)
    return bool(condition())


@functools.cache
def probe():
    """The folder of the filter that does what a message asks for."""
    folder = tempfile.mkdtemp(prefix="postern-probe-")
    atexit.register(shutil.rmtree, folder)
    source = TREE + "/Tests/SDK/probe/probe"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-fvisibility=hidden", f"-I{TREE}/SDK/CPostern/include", "-o",
                    folder + "/probe.so", source + ".c"], check=True)
    shutil.copy(source + ".manifest.json", folder)
    return folder


class Gateway:
    def __init__(self, next_hop, limits=""):
        self.folder = tempfile.mkdtemp(prefix="postern-powercut-")
        self.data = self.folder + "/data"
        self.control = self.folder + "/control.sock"
        self.log = self.folder + "/log"
        self.image = self.folder + "/image"
        self.plan = self.folder + "/plan"
        self.fault = self.folder + "/fault"
        self.broken = self.folder + "/broken"
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self.port = held.getsockname()[1]
        self.process = None
        self.probe = probe()
        os.makedirs(self.folder + "/config/domains")
        os.mkdir(self.data)
        self.write("config/postern.yaml", CONFIGURATION % {**self.__dict__, "limits": limits})
        self.write("config/zone.json", "{}")
        for domain, lines in DOMAINS.items():
            head = f"domain: {domain}\nrecipients: any\ndeliver_to: [{{host: 127.0.0.1, port: {next_hop}, tls: never}}]\n"
            self.write(f"config/domains/{domain}.yaml", head + lines % self.__dict__ + "\n")

    def write(self, name, text):
        # By renaming: nobody reads half of it.
        with open(f"{self.folder}/{name}.new", "w") as file:
            file.write(text)
        os.rename(f"{self.folder}/{name}.new", f"{self.folder}/{name}")

    def start(self, layered, seconds=60):
        """Until it takes mail and commands. False: it has ended before."""
        environment = dict(os.environ)
        if layered:
            shutil.rmtree(self.image, ignore_errors=True)
            environment |= {
                "LD_PRELOAD": STAGE + "/tests/powercut.so", "POSTERN_POWERCUT_ROOT": self.data, "POSTERN_POWERCUT_IMAGE": self.image,
                "POSTERN_POWERCUT_PLAN": self.plan, "POSTERN_DISKFAULT": self.fault,
            }
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [STAGE + "/bin/postern", "run", "--no-supervisor", "--config", self.folder + "/config"], env=environment, stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        wait(seconds, lambda: self.process.poll() is not None or self.is_up())
        return self.process.poll() is None

    def is_up(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(self.control)
            return True
        except OSError:
            return False

    def end(self, number=signal.SIGTERM, seconds=60):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("it did not end: " + self.tail())

    def take_image(self):
        """After a cut: what the disk held becomes the data folder. Returns what the layer said; a write that went past it is an error."""
        with open(self.image + "/missed") as file:
            missed = file.read()
        if missed:
            raise AssertionError("changed unseen by the layer:\n" + missed)
        with open(self.image + "/cut") as file:
            said = file.read().strip()
        shutil.rmtree(self.data)
        os.rename(self.image + "/tree", self.data)
        shutil.rmtree(self.image)
        return said

    def command(self, *arguments, seconds=120):
        return subprocess.run([STAGE + "/bin/postern", *arguments, "--control", self.control], capture_output=True, text=True,
                              timeout=seconds, stdin=subprocess.DEVNULL)

    def copies(self):
        """Every open copy: (queue ID, recipient) -> state."""
        listed = self.command("queue", "list", "--state", "queued,held,quarantined", "--limit", "1000000", "--json")
        if listed.returncode:
            raise AssertionError(f"queue list: {listed.stderr} {self.tail()}")
        entries = [json.loads(line) for line in listed.stdout.splitlines()]
        return {(e["id"], r["address"]): r["state"] for e in entries for r in e["recipients"] if r["state"] in ("queued", "held", "quarantined")}

    def tail(self):
        with open(self.log, errors="replace") as file:
            return "".join(file.readlines()[-15:])

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
