"""latency.py [--messages N] [--rate N]: how long a client waits for the 250 at low load, beside what one sync of the same disk takes.

One session, one 4 KiB message after the other at a steady rate; the time is from the final dot to the 250."""
import argparse, os, shutil, socket, subprocess, tempfile, time

TREE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
STAGE = os.environ.get("POSTERN_STAGE", TREE + "/build")


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def quantiles(seconds):
    seconds.sort()
    return [f"{1000 * seconds[min(len(seconds) - 1, int(q * len(seconds)))]:.2f}" for q in (0.5, 0.99, 1)]


def syncs(folder, count):
    """An append of 4 KiB and its fdatasync, as often."""
    times = []
    with open(folder + "/probe", "wb", buffering=0) as file:
        for _ in range(count):
            file.write(b"x" * 4096)
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return times


def replies(port, count, rate):
    body = b"Subject: latency\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 78 + b"\r\n") * 50 + b".\r\n"
    times, next_at = [], time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = connection.makefile("rb")
        lines.readline()
        for n in range(count):
            for command in ([b"HELO client.example\r\n"] if n == 0 else []) + [
                    b"MAIL FROM:<a@sender.example>\r\n", b"RCPT TO:<b@low.test>\r\n", b"DATA\r\n"]:
                connection.sendall(command)
                lines.readline()
            start = time.perf_counter()
            connection.sendall(body)
            assert lines.readline().startswith(b"250"), "a message was refused"
            times.append(time.perf_counter() - start)
            next_at += 1 / rate
            time.sleep(max(0, next_at - time.perf_counter()))
    return times


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--messages", type=int, default=1000)
parser.add_argument("--rate", type=float, default=50)
options = parser.parse_args()
folder = tempfile.mkdtemp(prefix="postern-latency-")
os.chmod(folder, 0o755)
os.makedirs(folder + "/config/domains")
port, sink_port = free_port(), free_port()
files = {
    "postern.yaml": f"hostname: mx.gateway.example\nlisten: [{{address: 127.0.0.1, port: {port}, role: inbound}}]\ndata: {folder}/data\n"
    f"control: {folder}/control.sock\nplugins: []\ndns: {{file: zone.json}}\nlog: {{file: {folder}/mail.log}}\n",
    "zone.json": "{}",
    "domains/low.test.yaml": "domain: low.test\nrecipients: any\nfilters: []\n"
    f"deliver_to: [{{host: 127.0.0.1, port: {sink_port}, tls: never}}]\n"}
for name, text in files.items():
    with open(f"{folder}/config/{name}", "w") as file:
        file.write(text)
sink = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{sink_port}", "500"])
gateway = subprocess.Popen([STAGE + "/bin/postern", "run", "--no-supervisor", "--config", folder + "/config"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
try:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    replies(port, 50, options.rate)
    print("| at low load | p50 ms | p99 ms | max ms |\n|---|---|---|---|")
    for what, seconds in (("one sync", syncs(folder, options.messages)), ("the 250", replies(port, options.messages, options.rate))):
        print("| " + " | ".join([what] + quantiles(seconds)) + " |")
finally:
    for process in (gateway, sink):
        process.terminate()
        process.wait(30)
    shutil.rmtree(folder, ignore_errors=True)
