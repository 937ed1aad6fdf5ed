"""A next hop that notes every message before it says 250, and now and then refuses for a while, hangs up, or is not there."""
import hashlib, random, socketserver, threading


class Sink:
    def __init__(self, seed=1, trouble=True):
        self.random = random.Random(seed)
        self.trouble = trouble
        # Nobody answers.
        self.is_down = False
        self.lock = threading.Lock()
        # (token, recipient) -> how often
        self.delivered = {}
        self.damaged = []
        sink = self

        class Session(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                try:
                    sink.serve(self)
                except (OSError, ValueError):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 100

        self.server = Server(("127.0.0.1", 0), Session)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def chance(self, of):
        with self.lock:
            return self.trouble and self.random.random() < of

    def serve(self, session):
        def say(text):
            session.wfile.write(text.encode() + b"\r\n")

        if self.is_down or self.chance(0.02):
            return
        say("220 sink.example")
        recipients = []
        for line in session.rfile:
            if self.is_down:
                return
            line = line.decode("utf-8", "replace").strip()
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                say("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0")
            elif verb == "MAIL":
                recipients = []
                say("250 2.1.0 ok")
            elif verb == "RCPT":
                if self.trouble and "<u@" in line:
                    say("550 5.1.1 nobody")
                elif self.chance(0.1):
                    say("451 4.2.1 not now")
                else:
                    recipients.append(line[line.index("<") + 1:line.index(">")])
                    say("250 2.1.5 ok")
            elif verb == "DATA" and recipients:
                say("354 go on")
                if self.chance(0.03):
                    return
                data = []
                for text in session.rfile:
                    if text == b".\r\n":
                        break
                    data.append(text[1:] if text.startswith(b".") else text)
                else:
                    return
                if self.chance(0.05):
                    say("451 4.3.0 not now")
                    continue
                self.note(b"".join(data), recipients)
                say("250 2.0.0 taken")
            elif verb == "QUIT":
                return say("221 2.0.0 bye")
            else:
                say("250 2.0.0 ok" if verb in ("RSET", "NOOP") else "503 5.5.1 no")

    def note(self, message, recipients):
        head, _, body = message.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n") if b": " in line and line[:1] not in b" \t")
        token = fields.get(b"Token", b"").decode()
        whole = fields.get(b"Digest", b"").decode() == hashlib.sha256(body).hexdigest()
        with self.lock:
            if not whole:
                self.damaged.append(token)
            for recipient in recipients:
                key = (token, recipient)
                self.delivered[key] = self.delivered.get(key, 0) + 1

    def close(self):
        self.server.shutdown()
        self.server.server_close()
