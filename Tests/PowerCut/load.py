"""Senders and an operator, all at once, until they are told to stop or the gateway is gone."""
import hashlib, os, random, smtplib, threading, time

from ledger import is_kept

# Recipients, header fields, bytes of the body.
KINDS = [
    (6, ["b@example.com"], "", 2000),
    (2, ["b@example.com", "c@example.com", "d@example.com"], "", 500),
    (1, ["b@example.com"], "", 300_000),
    (3, ["q@kept.example"], "Probe-Score: 7\r\n", 3000),
    (1, ["q@kept.example"], "Probe-Score: 7\r\n", 280_000),
    (2, ["b@example.com", "s@strict.example"], "Probe-Score: 7\r\n", 1000),
    (1, ["b@example.com", "s@strict.example", "q@kept.example"], "Probe-Score: 7\r\n", 270_000),
    (2, ["b@example.com", "h@careful.example"], "", 1000),
    # Refused by the next hop: undeliverable.
    (2, ["b@example.com", "u@example.com"], "", 1000),
    (1, ["u@example.com"], "", 290_000),
]


def send_one(session, ledger, token, recipients, fields, size):
    """One message, noted in the ledger; (code, text) of the reply to the end of its data."""
    line = (token + " " + "abcdef" * 12 + "\r\n").encode()
    body = line * (size // len(line) + 1)
    head = f"Subject: {token}\r\nToken: {token}\r\nDigest: {hashlib.sha256(body).hexdigest()}\r\n{fields}\r\n"
    session.ehlo_or_helo_if_needed()
    for code, text in [session.mail("a@sender.example"), *map(session.rcpt, recipients)]:
        if code != 250:
            raise smtplib.SMTPResponseException(code, text)
    code, text = session.data(head.encode() + body)
    text = text.decode()
    if code == 250:
        assert "queued as " in text, text
        ledger.accept(text.split("queued as ")[1][:13], token, recipients)
    else:
        with ledger.lock:
            ledger.refusals.append((code, text))
    return code, text


class Load:
    def __init__(self, gateway, sink, ledger, seed, senders=5, operators=1):
        self.gateway, self.sink, self.ledger, self.seed = gateway, sink, ledger, seed
        self.over = threading.Event()
        self.fault = None
        work = [(self.send, n) for n in range(senders)] + [(self.operate, n) for n in range(operators)] + [(self.trouble, 0)]
        self.threads = [threading.Thread(target=self.run, args=(one, random.Random(f"{seed} {one.__name__} {n}"), n), daemon=True)
                        for one, n in work]
        for thread in self.threads:
            thread.start()

    def run(self, work, chance, number):
        try:
            work(chance, number)
        except AssertionError as error:
            self.fault = error

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(120)
            assert not thread.is_alive(), "a client hangs"
        self.set_broken(False)
        self.sink.is_down = False
        if self.fault:
            raise self.fault

    def send(self, chance, number):
        count = 0
        while not self.over.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", self.gateway.port, "client.example", timeout=60) as session:
                    for _ in range(chance.randint(1, 5)):
                        count += 1
                        self.message(session, chance, f"{self.seed}-{number}-{count}")
                        if self.over.is_set():
                            return
            except (OSError, smtplib.SMTPException):
                # Cut, or about to be.
                time.sleep(0.01)

    def message(self, session, chance, token):
        _, recipients, fields, size = chance.choices(KINDS, [kind[0] for kind in KINDS])[0]
        send_one(session, self.ledger, token, recipients, fields, size)

    def operate(self, chance, _):
        ledger = self.ledger
        while not self.over.wait(chance.random() * 0.3):
            with ledger.lock:
                recent = [(i, rs) for i, (_, rs) in list(ledger.accepted.items())[-200:]]
            kept = [i for i, rs in recent if any(map(is_kept, rs)) and i not in ledger.deleting | ledger.releasing]
            other = [i for i, rs in recent if not any(map(is_kept, rs))]
            doing = chance.choice(["release", "delete", "queue hold", "queue release"])
            known = other if doing.startswith("queue") else kept
            some = chance.sample(known, min(3, len(known)))
            if not some:
                continue
            if known is other:
                # Some are delivered by now: then there is nothing to do. What stays on hold is released at the end.
                self.gateway.command(*doing.split(), *some)
                continue
            asked, done = (ledger.releasing, ledger.released) if doing == "release" else (ledger.deleting, ledger.deleted)
            for identifier in some:
                asked.add(identifier)
                if self.gateway.command("quarantine", doing, identifier).returncode == 0:
                    done.add(identifier)

    def set_broken(self, on):
        if on:
            open(self.gateway.broken, "w").close()
        elif os.path.exists(self.gateway.broken):
            os.unlink(self.gateway.broken)

    def trouble(self, chance, _):
        while not self.over.wait(chance.random()):
            self.set_broken(chance.random() < 0.5)
            self.sink.is_down = self.sink.trouble and chance.random() < 0.3
