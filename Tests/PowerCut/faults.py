"""faults.py SCENARIO...: what the gateway does while its disk is slow, full, read-only or failing, and that nothing with a 250 is missing after it.

All run over the layer, which is told what to do wrong; each ends in a power cut that leaves only what was synced. Exit status 0: all is well."""
import os, signal, smtplib, sys, threading, time

from gateway import Gateway, wait
from ledger import Ledger
from load import send_one
from sink import Sink


class Bench:
    """A gateway over the layer, and those who send to it."""

    def __init__(self, limits=""):
        self.sink = Sink(trouble=False)
        self.sink.is_down = True
        self.gateway = Gateway(self.sink.port, limits)
        self.ledger = Ledger()
        self.count = 0
        assert self.gateway.start(layered=True), self.gateway.tail()

    def disk(self, *faults):
        self.gateway.write("fault", "\n".join(faults))

    def send(self, sessions=1, each=1, size=2000):
        """Replies to the end of data, as (code, text, seconds)."""
        replies = []
        self.count += 1

        def session(number, lot):
            try:
                with smtplib.SMTP("127.0.0.1", self.gateway.port, "client.example", timeout=120) as client:
                    for message in range(each):
                        start = time.monotonic()
                        reply = send_one(client, self.ledger, f"{lot}-{number}-{message}", ["b@example.com"], "", size)
                        replies.append((*reply, time.monotonic() - start))
            except smtplib.SMTPResponseException as error:
                replies.append((error.smtp_code, error.smtp_error.decode(), 0))

        threads = [threading.Thread(target=session, args=(n, self.count)) for n in range(sessions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return replies

    def cut(self):
        """The power fails; what had its 250 is there and arrives."""
        self.disk()
        self.gateway.write("plan", "within 1 nothing 1")
        self.gateway.process.wait(60)
        self.gateway.take_image()
        assert self.gateway.start(layered=False), "it does not start again: " + self.gateway.tail()
        faults = self.ledger.faults(self.gateway.copies(), self.sink)
        assert not faults, faults[:10]
        self.sink.is_down = False
        assert wait(120, lambda: not self.gateway.copies(), pause=0.2), "not drained"
        faults = self.ledger.faults({}, self.sink)
        assert not faults, faults[:10]
        assert len(self.sink.delivered) == len(self.ledger.accepted), "delivered, though it had no 250"

    def memory(self):
        with open(f"/proc/{self.gateway.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def close(self):
        self.gateway.remove()
        self.sink.close()


def codes(replies):
    return sorted({code for code, _, _ in replies})


def slow(bench):
    """Each sync takes 200 ms: so does each 250, but many share one."""
    before = bench.memory()
    bench.disk("slow 200")
    replies = bench.send(sessions=20, each=3) + bench.send(sessions=3, size=300_000)
    assert codes(replies) == [250], replies
    assert min(seconds for _, _, seconds in replies) >= 0.2, "a 250 came before its sync"
    assert bench.memory() - before < 64 << 10, "memory grows"
    bench.cut()


def too_slow(bench):
    """More waits for the disk than may be in memory: the rest is refused, for a while."""
    bench.disk("slow 1500")
    replies = bench.send(sessions=40, size=200_000)
    assert codes(replies) == [250, 452], replies
    bench.disk()
    assert codes(bench.send(sessions=3, size=200_000) + bench.send(sessions=3, size=1_000_000)) == [250]
    bench.cut()


def failing_sync(bench):
    """After a sync that failed nothing of it may be believed, whatever the next one says."""
    assert codes(bench.send(each=3)) == [250]
    bench.disk("sync-loses 1")
    replies = bench.send(sessions=4, each=2) + bench.send(sessions=2, size=300_000)
    assert codes(replies) == [451], replies
    bench.disk("sync-loses 2")
    replies = bench.send(sessions=4, each=5) + bench.send(sessions=4, each=2, size=300_000)
    assert set(codes(replies)) <= {250, 451}, replies
    bench.disk()
    assert codes(bench.send(sessions=4, each=2)) == [250]
    bench.cut()


def failing_decision(bench):
    """queue.db cannot commit its part of a move: killed after that, the copy is in one file, not in both and not in none."""
    bench.send(each=3)
    gateway = bench.gateway
    one, *others = [identifier for identifier, _ in gateway.copies()]
    # Nothing else is written meanwhile.
    assert gateway.command("queue", "hold", *others).returncode == 0
    states = {"hold": "quarantined", "release": "queued"}

    def becomes(doing):
        """What was just asked in vain is over by then: this comes behind it."""
        gateway.command("queue", doing, one)
        return gateway.copies()[one, "b@example.com"] == states[doing]

    for doing in ["hold", "release", "hold", "release"]:
        for lasts in [True, False]:
            assert wait(30, lambda: becomes("hold" if doing == "release" else "release")), gateway.tail()
            before = gateway.copies()
            bench.disk("sync-fails 1", "syncs-of queue.db-wal")
            assert gateway.command("queue", doing, one).returncode != 0
            if not lasts:
                bench.disk()
                assert wait(30, lambda: becomes(doing)), gateway.tail()
                before = gateway.copies()
            gateway.end(signal.SIGKILL)
            bench.disk()
            assert gateway.start(layered=True), gateway.tail()
            after = gateway.copies()
            assert after.keys() == before.keys(), f"{doing}, {'then killed' if lasts else 'then well again'}: {before} has become {after}"
            assert lasts or after == before, f"{doing}: {before} has become {after}"
    for identifier in [one, *others]:
        gateway.command("queue", "release", identifier)
    bench.cut()


def failing_checkpoint(bench):
    """The log cannot be taken over: it stays, no mail is taken until a restart, and the queue goes on."""
    def waiting(name):
        return os.path.getsize(bench.gateway.data + "/" + name)

    bench.disk("sync-fails 1", "syncs-of queue.db")
    start = waiting("queue.db")
    replies = []
    assert wait(60, lambda: 451 in codes(replies := bench.send(each=5, size=200_000))), replies
    assert "queue.db-wal could not be taken over" in bench.gateway.tail(), bench.gateway.tail()
    bench.disk()
    size = waiting("queue.db")
    assert codes(bench.send()) == [451], "it takes mail again"
    identifier, _ = next(iter(bench.gateway.copies()))
    assert bench.gateway.command("queue", "hold", identifier).returncode == 0
    assert bench.gateway.command("queue", "release", identifier).returncode == 0
    bench.gateway.end()
    assert waiting("queue.db") == size and waiting("queue.db-wal") > 4 << 20, (start, size, waiting("queue.db"))
    assert bench.gateway.start(layered=True), bench.gateway.tail()
    assert codes(bench.send()) == [250]
    bench.cut()


def full(bench):
    """ENOSPC to whatever needs new space; with space again it goes on by itself."""
    assert codes(bench.send(each=3)) == [250]
    bench.disk("full")
    replies = bench.send(sessions=4, each=2, size=50_000) + bench.send(sessions=2, size=300_000)
    assert codes(replies) == [452], replies
    assert bench.gateway.copies(), "it still answers"
    bench.disk()
    assert codes(bench.send(sessions=4, each=2) + bench.send(sessions=2, size=300_000)) == [250]
    bench.cut()


def read_only(bench):
    """As ext4 becomes after an error; and writable again."""
    assert codes(bench.send(each=3)) == [250]
    bench.disk("read-only")
    replies = bench.send(sessions=4, each=2) + bench.send(sessions=2, size=300_000)
    assert set(codes(replies)) <= {451, 452}, replies
    bench.disk()
    assert wait(30, lambda: codes(bench.send()) == [250]), bench.gateway.tail()
    bench.cut()


def read_only_start(bench):
    bench.gateway.end()
    bench.disk("read-only")
    assert not bench.gateway.start(layered=True)
    said = bench.gateway.tail()
    assert bench.gateway.process.returncode == 1 and "Read-only file system" in said and bench.gateway.data in said, said


def damaged(bench):
    """A page in the middle: refused with the mend, each time."""
    bench.send(sessions=4, each=20, size=20_000)
    bench.gateway.end()
    path = bench.gateway.data + "/queue.db"
    with open(path, "r+b") as file:
        size = int.from_bytes(file.read(18)[16:], "big")
        file.seek(0)
        pages = iter(lambda: file.read(size), b"")
        # A leaf of a table or an index.
        leaf = max(number for number, page in enumerate(pages) if page[0] in (10, 13) and b"example.com" in page)
        file.seek(leaf * size)
        file.write(b"\xA5" * size)
    for _ in range(2):
        assert not bench.gateway.start(layered=False)
        said = bench.gateway.tail()
        assert bench.gateway.process.returncode == 1 and "damaged" in said and ".recover" in said, said
    with open(path, "rb") as file:
        file.seek(leaf * size)
        assert file.read(size) == b"\xA5" * size, "mended in silence"


SCENARIOS = {"slow": "", "too_slow": ", bytes_in_flight: 4MiB", "failing_sync": "", "failing_decision": "",
             "failing_checkpoint": "", "full": "", "read_only": "", "read_only_start": "",
             "damaged": ""}


def main():
    for name in sys.argv[1:] or SCENARIOS:
        bench = Bench(SCENARIOS[name])
        try:
            globals()[name](bench)
            print(f"{name}: {len(bench.ledger.accepted)} with a 250, {len(bench.ledger.refusals)} refused", flush=True)
        except AssertionError:
            print(f"{name}:\n{bench.gateway.tail()}")
            raise
        finally:
            bench.close()


main()
