"""smuggle.py CASES: sends each case of a JSON file on a connection of its own and prints a line of JSON with the replies behind the first
RCPT's: {"id", "replies"}. A case: id, port, tls ("starttls", "implicit" or null), chunks (BDAT), from, pieces (hexadecimal)."""
import json, socket, ssl, sys, time

context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE


def reply(file):
    while True:
        line = file.readline()
        if not line:
            return None
        if line[3:4] != b"-":
            return line.decode().rstrip()


def connect(case):
    connection = socket.create_connection(("127.0.0.1", case["port"]), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if case["tls"] == "implicit":
        connection = context.wrap_socket(connection)
    file = connection.makefile("rb")
    reply(file)
    if case["tls"] == "starttls":
        connection.sendall(b"EHLO client.example\r\nSTARTTLS\r\n")
        reply(file), reply(file)
        connection = context.wrap_socket(connection)
        file = connection.makefile("rb")
    return connection, file


for case in json.load(open(sys.argv[1])):
    connection, file = connect(case)
    connection.sendall(b"EHLO client.example\r\nMAIL FROM:<%s>\r\nRCPT TO:<b@example.com>\r\n" % case["from"].encode())
    for _ in range(3):
        reply(file)
    pieces = [bytes.fromhex(piece) for piece in case["pieces"]]
    if not case["chunks"]:
        connection.sendall(b"DATA\r\n")
        reply(file)
    for index, piece in enumerate(pieces):
        if case["chunks"]:
            last = b" LAST" if index == len(pieces) - 1 else b""
            piece = b"BDAT %d%s\r\n" % (len(piece), last) + piece
        # A packet of its own.
        if index:
            time.sleep(0.002)
        connection.sendall(piece)
    connection.sendall(b"QUIT\r\n")
    replies = []
    while (text := reply(file)) is not None:
        replies.append(text)
    print(json.dumps({"id": case["id"], "replies": replies}), flush=True)
    connection.close()
