"""state.py [--cuts N] [--seed N] [--lies]: the power fails while filters write what they remember, and nothing that was DONE is missing.

Each round a writer (the staged tests/StateBenchmark) puts entries and moves a counter over the layer, and prints the number of each entry that it
was told is durable; then it is cut off, and the next round starts on what the disk held. --lies: the disk takes syncs for done that are not, so
entries must be missing, and the exit status is 1. Exit status 0: all is well."""
import argparse, os, random, shutil, signal, sqlite3, subprocess, sys, tempfile

STAGE = os.environ.get("POSTERN_STAGE", "build")
WRITER = STAGE + "/tests/StateBenchmark"


def plans(options):
    chance = random.Random(options.seed)
    for number in range(options.cuts):
        if options.lies:
            yield f"within 700 nothing {chance.randrange(1 << 32)} lies"
        elif number % 4 == 3:
            yield f"within {chance.randrange(20, 1000)} {chance.choice(['some', 'everything'])} {chance.randrange(1 << 32)}"
        else:
            # The first ones are of the start.
            when, last = chance.choice(["before", "after"]), 12 if number % 4 == 2 else 120
            yield f"{when} {chance.randrange(1, last)} {chance.choice(['nothing', 'some', 'everything'])} {chance.randrange(1 << 32)}"


def cut(folder, plan, first):
    """The numbers that were durable, as the writer was told."""
    data, image = folder + "/data", folder + "/image"
    with open(folder + "/plan", "w") as file:
        file.write(plan)
    environment = {**os.environ, "LD_PRELOAD": STAGE + "/tests/powercut.so", "POSTERN_POWERCUT_ROOT": data,
                   "POSTERN_POWERCUT_IMAGE": image, "POSTERN_POWERCUT_PLAN": folder + "/plan", "POSTERN_DISKFAULT": folder + "/fault"}
    with open(folder + "/out", "wb") as out:
        ended = subprocess.run([WRITER, "endless", data, str(first)], env=environment, stdout=out, timeout=200)
    assert ended.returncode == -signal.SIGKILL, f"it ended by itself: {ended.returncode}"
    with open(image + "/missed") as file:
        missed = file.read()
    assert not missed, "changed unseen by the layer:\n" + missed
    with open(image + "/cut") as file:
        said = file.read().strip()
    shutil.rmtree(data)
    os.rename(image + "/tree", data)
    shutil.rmtree(image)
    with open(folder + "/out") as file:
        # The last line may be half written.
        lines = file.read().split("\n")[:-1]
    return said, {int(line) for line in lines}


def there(data):
    """The numbers that are there, and the counter."""
    listed = subprocess.run([WRITER, "list", data], capture_output=True, text=True, timeout=200)
    assert listed.returncode == 0, f"it does not open again: {listed.stderr}"
    *numbers, counter = listed.stdout.split("\n")[:-1]
    with sqlite3.connect(data + "/state.db") as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "state.db is damaged"
        # What is counted in each space is what stands in it.
        kept = file.execute("SELECT sum(entries) FROM space").fetchone()[0] or 0
        rows = file.execute("SELECT (SELECT count(*) FROM entry) + (SELECT count(*) FROM counter)").fetchone()[0]
        assert kept == rows, f"{kept} entries are counted, {rows} are there"
    return {int(number) for number in numbers}, int(counter.split()[1])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cuts", type=int, default=12)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments.add_argument("--lies", action="store_true")
    options = arguments.parse_args()
    folder = tempfile.mkdtemp(prefix="postern-state-")
    os.mkdir(folder + "/data")
    durable = set()
    try:
        for number, plan in enumerate(plans(options)):
            said, told = cut(folder, plan, max(durable, default=0) + 1000)
            durable |= told
            found, counter = there(folder + "/data")
            print(f"{number + 1}: {said}: {len(told)} entries, {len(found)} there", flush=True)
            missing = durable - found
            assert not missing, f"{len(missing)} are missing after `{plan}`: {sorted(missing)[:5]} (seed {options.seed})"
            # The count that went with an entry may have been on its way.
            assert counter + 16 * (number + 1) >= len(durable), f"the counter says {counter} of {len(durable)}"
    except AssertionError as error:
        print(error)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


sys.exit(main())
