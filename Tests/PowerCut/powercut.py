"""powercut.py [--cuts N] [--every] [--kill] [--faults] [--lies] [--seed N]: the power fails, again and again, and nothing with a 250 is missing.

Each round runs the staged gateway (POSTERN_STAGE) over a layer that keeps apart what was synced, puts load on it, cuts it off, and starts the
next round on what the disk held. Between rounds every copy with a 250 is looked for; at the end all is released and must arrive, whole.
--every: cuts at each sync in turn, before and after it, instead of a sample. --kill: SIGKILL in place of a power cut.
--faults: the disk fails under the load, each time. --lies: the disk takes syncs for done that are not, as with `synchronous=OFF`: then messages
must be missing, and the exit status is 1. Exit status 0: all is well."""
import argparse, os, random, shutil, signal, sqlite3, sys, tempfile, time

from gateway import Gateway, wait
from ledger import Ledger
from load import Load
from sink import Sink

# What the disk does wrong in some rounds under load.
FAULTS = ["sync-loses 3", "sync-fails 3", "sync-fails 10", "write-fails 20", "slow 50", "sync-fails 7\nwrite-fails 40\nslow 10"]
# Rounds on one data folder, before it is drained.
ROUNDS = 10
# Syncs of the very first start, of another, and of a second of load; about.
FIRST_SYNCS, START_SYNCS, LOAD_SYNCS = 33, 12, 60
# Enough to know that it is broken.
MOST_FAULTS = 20
KEEPS = ["nothing", "some", "everything"]


def plans(options):
    """What each round does: (at the start, under load, while most of it is moved, under load on a bad disk; the plan's words)."""
    chance = random.Random(options.seed)
    keeps = ["nothing", "some", "some", "everything"]
    lies = " lies" if options.lies else ""

    def plan(moment, when, number, keep):
        return moment, f"{when} {number} {keep} {chance.randrange(1 << 32)}{lies}"

    if options.every:
        for keep in KEEPS:
            for when in ["before", "after"]:
                for moment, last in [("start", START_SYNCS), ("load", options.syncs), ("moves", options.syncs)]:
                    for number in range(1, last + 1):
                        yield plan(moment, when, number, keep)
        for number in range(options.cuts):
            yield plan(["load", "moves", "fault"][number % 3], "within", chance.randrange(20, 3000), chance.choice(keeps))
        return
    for number in range(options.cuts):
        if options.lies:
            yield plan("load", "within", 1500, "nothing")
        elif options.faults and number % 2:
            # The disk dies, and what it said of its last syncs need not be true.
            yield plan("moves", "failing", chance.randrange(1, 30), "nothing")
        elif options.faults:
            yield plan("fault", "within", chance.randrange(200, 2500), chance.choice(keeps))
        elif number % 6 == 4:
            yield plan("start", chance.choice(["before", "after"]), chance.randrange(1, START_SYNCS + 1), chance.choice(keeps))
        elif number % 3 == 2:
            yield plan(["load", "fault"][number // 3 % 2], "within", chance.randrange(20, 1500), chance.choice(keeps))
        else:
            yield plan(["load", "moves"][number % 2], chance.choice(["before", "after"]), chance.randrange(1, LOAD_SYNCS + 1), keeps[number % 4])


def first_starts(options):
    """Cuts while the data folder is made, and just after."""
    if options.kill or options.lies:
        return
    if not options.every:
        chance = random.Random(options.seed)
        yield "within", 1500, "nothing"
        yield chance.choice(["before", "after"]), chance.randrange(1, FIRST_SYNCS), chance.choice(KEEPS)
        return
    for keep in KEEPS:
        yield "within", 1500, keep
        for when in ["before", "after"]:
            for number in range(1, FIRST_SYNCS + 1):
                yield when, number, keep


class Campaign:
    def __init__(self, options):
        self.options = options
        self.done = self.accepted = self.copies = self.twice = self.refused = 0
        self.missing = []

    def run(self):
        for when, number, keep in first_starts(self.options):
            self.first_start(f"{when} {number} {keep} {self.options.seed + number}")
        rounds = list(plans(self.options))
        if self.options.every:
            # So that a cut while one is taken in comes behind each kind.
            random.Random(self.options.seed).shuffle(rounds)
        for first in range(0, len(rounds), ROUNDS):
            self.one_folder(rounds[first:first + ROUNDS], f"{self.options.seed}.{first}")
            if len(self.missing) >= MOST_FAULTS:
                break

    def first_start(self, plan):
        """There is no mail yet: the next start must simply make what is missing."""
        gateway = Gateway(next_hop=9)
        try:
            gateway.write("plan", plan)
            gateway.start(layered=True)
            wait(5, lambda: gateway.process.poll() is not None)
            # A start has fewer syncs than were asked for.
            if gateway.end(signal.SIGKILL) == -signal.SIGKILL and os.path.exists(gateway.image + "/cut"):
                self.done += 1
                print(f"{self.done}: first start, {gateway.take_image()}", flush=True)
            assert gateway.start(layered=False), f"does not start again after `{plan}`"
        except AssertionError as error:
            self.missing.append(f"{error}\n{gateway.tail()}")
        finally:
            gateway.remove()

    def one_folder(self, rounds, seed):
        sink = Sink(seed)
        gateway = Gateway(sink.port)
        ledger = Ledger()
        before = len(self.missing)
        try:
            for number, (moment, plan) in enumerate(rounds):
                self.round(gateway, sink, ledger, moment, plan, f"{seed}.{number}")
                if len(self.missing) > before:
                    return
            self.drain(gateway, sink, ledger)
        except AssertionError as error:
            self.missing.append(f"{error}\n{gateway.tail()}")
        finally:
            self.accepted += len(ledger.accepted)
            self.copies += len(ledger.copies())
            self.twice += ledger.twice(sink)
            self.refused += len(ledger.refusals)
            sink.close()
            if len(self.missing) == before or not self.options.keep:
                gateway.remove()

    def round(self, gateway, sink, ledger, moment, plan, seed):
        if os.path.exists(gateway.plan):
            os.unlink(gateway.plan)
        if moment == "start" and not self.options.kill:
            gateway.write("plan", plan)
        is_layered = not self.options.kill or moment == "fault"
        is_up = gateway.start(layered=is_layered)
        if is_up and moment != "start":
            self.look(gateway, sink, ledger, f"at the start before `{plan}`")
        before = len(ledger.accepted)
        chance = random.Random(seed)
        if is_up:
            load = Load(gateway, sink, ledger, seed, *([2, 4] if moment == "moves" or chance.random() < 0.5 and moment == "fault" else [5, 1]))
            if moment != "start" and is_layered:
                # What is moved must have come before.
                time.sleep(chance.random() * 0.3 + (0.5 if moment == "moves" else 0))
                if moment == "fault":
                    gateway.write("fault", chance.choice(FAULTS))
                if not self.options.kill:
                    gateway.write("plan", plan)
            if self.options.kill:
                time.sleep(chance.uniform(0.05, 2.5))
                gateway.end(signal.SIGKILL)
            elif not wait(200, lambda: gateway.process.poll() is not None):
                gateway.write("plan", "")
                raise AssertionError(f"`{plan}` did not come")
            load.stop()
        code = gateway.process.wait()
        gateway.write("fault", "")
        assert code == -signal.SIGKILL, f"it ended by itself: {code}"
        said = "killed" if self.options.kill else gateway.take_image()
        self.done += 1
        print(f"{self.done}: {moment}, {said}: {len(ledger.accepted) - before} messages with a 250", flush=True)
        wrong = [reply for reply in ledger.refusals if not 400 <= reply[0] < 500]
        assert not wrong, f"refused for good: {wrong[:3]}"
        self.check_files(gateway)

    def check_files(self, gateway):
        """Copies, since looking at a log takes it in."""
        with tempfile.TemporaryDirectory() as folder:
            for name in os.listdir(gateway.data):
                if ".db" in name and not name.endswith("-shm"):
                    shutil.copy(f"{gateway.data}/{name}", folder)
            for name in os.listdir(folder):
                if name.endswith(".db"):
                    said = sqlite3.connect(f"{folder}/{name}").execute("PRAGMA integrity_check").fetchall()
                    if said != [("ok",)]:
                        self.missing.append(f"{name}: {said}")

    def look(self, gateway, sink, ledger, when):
        self.missing += [f"{fault}, {when}" for fault in ledger.faults(gateway.copies(), sink)]

    def drain(self, gateway, sink, ledger):
        assert gateway.start(layered=False), "it does not start"
        self.look(gateway, sink, ledger, "after the last cut")
        sink.trouble = False
        kept = {i for (i, _), state in gateway.copies().items() if state in ("quarantined", "held")}
        ledger.releasing |= kept
        for some in (sorted(kept)[n:n + 200] for n in range(0, len(kept), 200)):
            # Held copies may have been judged by now, and be gone.
            gateway.command("queue", "release", *some)
        gateway.command("queue", "flush", "--all")
        assert wait(120, lambda: not gateway.copies(), pause=0.3), f"not drained: {list(gateway.copies().items())[:5]}"
        self.look(gateway, sink, ledger, "when all was delivered")
        assert gateway.end() == 0, "it did not end well"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=12)
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--syncs", type=int, default=LOAD_SYNCS, help="with --every: how many syncs from the begin of the load on")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--lies", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave the folder of a round that failed")
    parser.add_argument("--seed", type=int, default=1)
    campaign = Campaign(parser.parse_args())
    start = time.monotonic()
    campaign.run()
    print(f"{campaign.done} cuts, {campaign.accepted} messages with a 250 ({campaign.copies} copies), {campaign.refused} refused; "
          f"missing or wrong: {len(campaign.missing)}; delivered twice: {campaign.twice}; {time.monotonic() - start:.0f} s")
    for fault in campaign.missing[:20]:
        print(fault)
    sys.exit(1 if campaign.missing else 0)


main()
