"""lenient-next-hop.py PORT FILE: a next hop with the faults of all known servers together.

A line ends at CR LF, at LF and at CR, in commands and in messages; NULs are dropped; a dot alone on such a line ends the message, and what
follows is taken for commands. Each message becomes a line of JSON in FILE."""
import json, socketserver, sys, threading

port, path = int(sys.argv[1]), sys.argv[2]
lock = threading.Lock()


class Session(socketserver.BaseRequestHandler):
    def line(self):
        while True:
            for index, byte in enumerate(self.held):
                if byte == 10:
                    line, self.held = self.held[:index], self.held[index + 1:]
                    return line
                if byte == 13 and index + 1 < len(self.held):
                    behind = index + (2 if self.held[index + 1] == 10 else 1)
                    line, self.held = self.held[:index], self.held[behind:]
                    return line
            more = self.request.recv(65536)
            if not more:
                raise EOFError
            self.held += more.replace(b"\0", b"")

    def say(self, text):
        self.request.sendall(text.encode() + b"\r\n")

    def handle(self):
        self.held, sender, recipients = b"", None, []
        self.request.settimeout(60)
        try:
            self.say("220 lenient.example")
            while True:
                command = self.line()
                verb = command[:4].upper()
                if verb == b"EHLO":
                    self.say("250-lenient.example\r\n250-PIPELINING\r\n250 8BITMIME")
                elif verb == b"MAIL":
                    sender, recipients = command, []
                    self.say("250 OK")
                elif verb == b"RCPT":
                    recipients.append(command.decode("latin1"))
                    self.say("250 OK")
                elif verb == b"DATA":
                    self.say("354 go on")
                    lines = []
                    while (line := self.line()) != b".":
                        lines.append(line[1:] if line.startswith(b".") else line)
                    with lock, open(path, "a") as file:
                        text = b"\n".join(lines).decode("latin1")
                        file.write(json.dumps({"from": sender.decode("latin1"), "to": recipients, "text": text}) + "\n")
                    self.say("250 OK")
                elif verb == b"QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 whatever")
        except (EOFError, OSError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 200


Server(("127.0.0.1", port), Session).serve_forever()
