"""What live.py says to the gateway: dialogues, their mutations, and ways of treating a connection badly. Everything follows from the seed."""
import random, re, socket, ssl, struct, threading, time

WORKERS = 24
# Bytes behind which a connection's sending stops.
MOST_BYTES = 200_000
REPLY = re.compile(rb"[2-5][0-9][0-9][ -][ -~]*\r\n")
QUEUED = re.compile(rb"queued as ([0-9A-Z]{13})")

LINES = [
    b"EHLO client.example", b"HELO client.example", b"LHLO client.example", b"MAIL FROM:<a@sender.example>",
    b"MAIL FROM:<> SIZE=1000 BODY=8BITMIME", b"MAIL FROM:<a@sender.example> RET=HDRS ENVID=x+2By SMTPUTF8", b"RCPT TO:<b@example.com>",
    b"RCPT TO:<\"b c\"@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@example.com", b"RCPT TO:<nobody@elsewhere.example>",
    b"RCPT TO:<postmaster>", b"DATA", b"Subject: x\r\n\r\nbody\r\n.", b".", b"..", b"RSET", b"NOOP", b"VRFY b", b"HELP", b"EXPN b", b"ETRN b",
    b"AUTH PLAIN AGFubmEAc2VjcmV0", b"AUTH LOGIN", b"YQ==", b"*", b"XCLIENT NAME=client.example ADDR=192.0.2.7 LOGIN=anna",
    b"XCLIENT ADDR=IPV6:2001:db8::7 HELO=x PROTO=ESMTP", b"BDAT 5 LAST\r\nabcd\n", b"BDAT 4\r\nab\r\n", b"BDAT 0 LAST", b"BDAT 99999999999999999999",
    b"BDAT -1", b"BDAT 3 LAST\r\na\n.", b"BDAT 70000\r\n", b"STARTTLS", b"QUIT",
]
MESSAGES = [
    [b"EHLO c", b"MAIL FROM:<a@sender.example>", b"RCPT TO:<b@example.com>", b"DATA", b"Subject: x\r\n\r\nbody\r\n."],
    [b"EHLO c", b"MAIL FROM:<a@sender.example>", b"RCPT TO:<b@example.com>", b"BDAT 20\r\nSubject: chunk\r\n\r\nxxx", b"BDAT 4 LAST\r\nx\r\n."],
    [b"LHLO c", b"MAIL FROM:<>", b"RCPT TO:<b@example.com>", b"RCPT TO:<d@example.com>", b"DATA", b"Subject: l\r\n\r\nbody\r\n."],
]
JUNK = [b"\r", b"\n", b"\r\n", b"\0", b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\xff", b" " * 300, b"A" * 5000, b"<" * 50, b"\x16\x03\x01\x02\x00\x01"]
PROXIES = [
    b"PROXY TCP4 192.0.2.1 198.51.100.1 1234 25\r\n", b"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", b"PROXY UNKNOWN\r\n",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\1\x04\xd2\0\x19", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
    b"PROXY TCP4 1.2.3.4\r\n", b"PROXY " + b"x" * 200, b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
]

context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE


class Results:
    def __init__(self):
        self.lock = threading.Lock()
        self.connections = self.sent = self.replies = 0
        # Queue IDs that a client was told, and messages whose client went without waiting for the word.
        self.queued, self.unanswered, self.problems = set(), 0, []


def dialogue(random):
    """Bytes, in the pieces that a client would send."""
    pieces = []
    for _ in range(random.randint(1, 4)):
        if random.random() < 0.6:
            pieces += [line + b"\r\n" for line in random.choice(MESSAGES)]
        else:
            pieces += [random.choice(LINES) + b"\r\n" for _ in range(random.randint(1, 8))]
    if random.random() < 0.05:
        pieces.append(b"NOOP\r\n" * random.randint(100, 3000))
    if random.random() < 0.05:
        pieces += [b"BDAT 30000\r\n" + b"x" * 30000 for _ in range(4)]
    if random.random() < 0.6:
        for _ in range(random.randint(1, 3)):
            mutate(random, pieces)
    if random.random() < 0.4:
        pieces = [b"".join(pieces)]
    if random.random() < 0.3:
        whole = b"".join(pieces)
        cuts = sorted(random.randint(0, len(whole)) for _ in range(random.randint(1, 12)))
        pieces = [whole[start:end] for start, end in zip([0] + cuts, cuts + [len(whole)])]
    if random.random() < 0.5:
        pieces.append(b"\r\nQUIT\r\n")
    return pieces


def mutate(random, pieces):
    index = random.randrange(len(pieces))
    piece = bytearray(pieces[index])
    kind = random.randrange(6)
    at = random.randint(0, len(piece))
    if kind == 0:
        piece[at:at] = random.choice(JUNK)
    elif kind == 1 and piece:
        piece[at % len(piece)] = random.randrange(256)
    elif kind == 2:
        del piece[at:at + random.randint(1, 4)]
    elif kind == 3:
        piece = piece[at:] + piece[:at]
    elif kind == 4:
        pieces.insert(index, bytes(piece))
    else:
        piece += random.randbytes(random.randint(1, 200))
    pieces[index] = bytes(piece)


class Connection:
    def __init__(self, ports, seed, number, results):
        self.random = random.Random("%d/%d" % (seed, number))
        self.number, self.results = number, results
        self.received, self.written = b"", b""
        self.kind = self.random.choice(list(ports))
        self.socket = socket.create_connection(("127.0.0.1", ports[self.kind]), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        self.written += data
        self.socket.sendall(data)

    def read(self, timeout):
        """True: something came; None: nothing within the time; False: the end."""
        self.socket.settimeout(timeout)
        try:
            more = self.socket.recv(65536)
        except (socket.timeout, ssl.SSLWantReadError):
            return None
        finally:
            self.socket.settimeout(30)
        self.received += more
        return bool(more)

    def begin_tls(self):
        """A true handshake, or something in its place."""
        kind = self.random.randrange(4)
        if kind == 0:
            self.send(self.random.randbytes(self.random.randint(1, 600)))
        elif kind == 1:
            self.send(b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + self.random.randbytes(40))
        elif kind == 2:
            self.send(b"EHLO in.clear\r\n")
        else:
            self.socket = context.wrap_socket(self.socket)

    def run(self):
        """True: the client waited for everything that the gateway had to say."""
        if self.kind == "implicit":
            self.begin_tls()
        if self.kind == "proxy":
            header = bytearray(self.random.choice(PROXIES[:5] if self.random.random() < 0.7 else PROXIES))
            if self.random.random() < 0.2:
                header[self.random.randrange(len(header))] = self.random.randrange(256)
            cut = self.random.randint(0, len(header))
            self.send(bytes(header[:cut]))
            self.send(bytes(header[cut:]))
        # Some speak before they are greeted.
        if self.random.random() < 0.9:
            self.read(10)
        if self.kind == "plain" and self.random.random() < 0.15:
            self.send(b"EHLO c\r\nSTARTTLS\r\n")
            while b"220 2" not in self.received and self.read(10):
                if b"421" in self.received:
                    break
            self.begin_tls()
        speed = self.random.random()
        waits = self.random.random() < 0.5
        fate = self.random.random()
        for piece in dialogue(self.random):
            if len(self.written) > MOST_BYTES:
                break
            if speed < 0.05:
                for index in range(min(len(piece), 60)):
                    self.send(piece[index:index + 1])
                    time.sleep(0.001)
                self.send(piece[60:])
            else:
                self.send(piece)
            if waits and self.read(0.02) is False:
                return True
            if fate < 0.1 and self.random.random() < 0.1:
                # A reset: whatever was on its way is lost.
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            if fate > 0.9 and self.random.random() < 0.1:
                return False
        if isinstance(self.socket, ssl.SSLSocket):
            # TLS has no half: the last replies are waited for a while, then the client goes.
            while state := self.read(1):
                pass
            return state is False
        self.socket.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + 60
        while self.read(5) is not False:
            if time.monotonic() > deadline:
                raise RuntimeError("the gateway did not close: %r" % self.received[-200:])
        return True

    def close(self, waited):
        try:
            self.socket.close()
        except OSError:
            pass
        is_clear = self.kind != "implicit" and not isinstance(self.socket, ssl.SSLSocket) and b"STARTTLS" not in self.written
        lines = self.received.split(b"\n")
        with self.results.lock:
            self.results.connections += 1
            self.results.sent += len(self.written)
            self.results.replies += len(lines) - 1
            self.results.queued.update(id.decode() for id in QUEUED.findall(self.received))
            if not waited:
                # At most as many as the bytes could have brought.
                self.results.unanswered += 1 + self.written.count(b".\r\n") + self.written.upper().count(b" LAST")
            if is_clear:
                for line in lines[:-1]:
                    if not REPLY.fullmatch(line + b"\n"):
                        self.results.problems.append("connection %d: not a reply: %r" % (self.number, line[:100]))


def run(ports, seed, connections, seconds):
    results = Results()
    numbers = iter(range(1, connections + 1) if connections else range(1, 1 << 40))
    deadline = time.monotonic() + seconds if seconds else None

    def work():
        while deadline is None or time.monotonic() < deadline:
            with results.lock:
                number = next(numbers, None)
            if number is None:
                return
            connection, waited = None, False
            try:
                connection = Connection(ports, seed, number, results)
                waited = connection.run()
            except (OSError, ssl.SSLError, ValueError):
                # The gateway closed, as it may.
                pass
            except RuntimeError as error:
                with results.lock:
                    results.problems.append("connection %d: %s" % (number, error))
            if connection:
                connection.close(waited)

    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return results
