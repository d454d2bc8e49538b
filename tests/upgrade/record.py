#!/usr/bin/env python3
"""Records the SQL statements with which a chatapp serves, for `tests/upgrade/replay.rs`.

    tests/upgrade/record.py PROGRAM > tests/upgrade/statements-of-vN.sql

PROGRAM is a chatapp of the release before the schema changes; N is its schema version. The script starts a
PostgreSQL that logs every statement, lets PROGRAM serve and administer a small chat on it, and prints the
log as SQL that can be run again: each distinct statement is prepared once, with the types of its parameters,
and executed with the recorded values. All writes are kept, because later ones refer to earlier ones. A
statement that only reads is kept once. Transactions of different sessions are put one after the other.
Needs the programs of PostgreSQL 14 or newer on the PATH or where Debian installs them, and Python 3.
"""

import base64, csv, glob, json, os, pathlib, pwd, re, shutil, signal, socket, struct, subprocess, sys
import tempfile, time, urllib.error, urllib.request

PROGRAM = os.path.abspath(sys.argv[1])
PASSWORD = "correct horse battery"
# Sessions that do not belong to serving: a migration, and this script.
NOT_SERVING = ("chatapp migrate", "record")
csv.field_size_limit(1 << 30)


def find(name):
    places = glob.glob(f"/usr/lib/postgresql/*/bin/{name}")
    return max(places, default=None) or shutil.which(name)


class Postgres:
    """A throwaway cluster. PostgreSQL refuses to run as root, so another user runs it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.user = None
        if os.getuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self.user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self.folder, self.user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.data = self.folder / "data"
        self.run("initdb", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
                 "--locale", "C.UTF-8", "--no-sync", "-D", self.data)
        with open(self.data / "postgresql.conf", "a") as settings:
            settings.write(
                f"\nlisten_addresses = '127.0.0.1'\nport = {self.port}\nfsync = off\n"
                f"unix_socket_directories = '{self.folder}'\nlogging_collector = on\n"
                "log_destination = csvlog\nlog_filename = 'all.log'\n"
                "log_statement = all\nlog_rotation_age = 0\nlog_rotation_size = 0\n")
        self.run("pg_ctl", "start", "--wait", "--log", self.folder / "out", "-D", self.data)
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, name, *arguments):
        as_user = ["runuser", "-u", self.user, "--"] if self.user else []
        subprocess.run([*as_user, find(name), *map(str, arguments)], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL)

    def ask(self, sql):
        url = self.url + "?application_name=record"
        done = subprocess.run([find("psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", url], input=sql,
                              check=True, capture_output=True, text=True)
        return done.stdout.splitlines()

    def stop(self):
        self.run("pg_ctl", "stop", "--wait", "--mode", "fast", "-D", self.data)

    def rows(self):
        with open(self.data / "log" / "all.csv", newline="") as log:
            yield from csv.reader(log)


class Server:
    def __init__(self, url):
        self.folder = tempfile.mkdtemp()
        self.env = {"PATH": os.environ["PATH"], "CHATAPP_DATABASE__URL": url, "CHATAPP_AUTH__BCRYPT_COST": "4",
                    "CHATAPP_LOG__LEVEL": "error"}
        self.process = subprocess.Popen([PROGRAM, "serve", "--bind", "127.0.0.1:0"], cwd=self.folder,
                                        env=self.env, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if found := re.search(r"listening on +http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                return
        sys.exit("the server did not start")

    def call(self, method, path, body=None, token=None, refused=None):
        """The JSON of the answer. A request that is `refused` must get this status."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            if error.code == refused:
                return None
            sys.exit(f"{method} {path}: {error.code} {error.read()}")
        try:
            return json.loads(text or b"null")
        except ValueError:
            return None

    def cli(self, *arguments):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, env=self.env, capture_output=True, text=True,
                              input=PASSWORD + "\n")
        if done.returncode:
            sys.exit(f"{arguments}: {done.stderr}")
        return done.stdout

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Socket:
    """As much of RFC 6455 as the recording needs."""

    def __init__(self, server, path):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        status = self.file.readline()
        assert b" 101 " in status, status
        while self.file.readline().strip():
            pass

    def send(self, **frame):
        data = json.dumps(frame).encode()
        mask = os.urandom(4)
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        self.socket.sendall(b"\x81" + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def until(self, kind):
        while True:
            first, length = self.file.read(2)
            if length == 126:
                length, = struct.unpack(">H", self.file.read(2))
            elif length == 127:
                length, = struct.unpack(">Q", self.file.read(8))
            data = self.file.read(length)
            if first & 15 != 1:
                continue
            frame = json.loads(data)
            if frame["type"] == kind:
                return frame
            assert frame["type"] != "error", frame


def scenario(server):
    """Uses everything that a server and its command line read and write in the database."""

    def account(name, **more):
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD, **more}
        created = server.call("POST", "/auth/signup", body)
        return created["id"], sign_in(name)

    def sign_in(name, password=PASSWORD):
        return server.call("POST", "/auth/login", {"username": name, "password": password})["access_token"]

    server.call("GET", "/ready")
    server.call("GET", "/auth/setup")
    ann_id, ann = account("ann", role="admin")
    bo_id, bo = account("bo")
    cy_id, cy = account("cy")
    server.call("POST", "/auth/login", {"username": "bo@example.com", "password": PASSWORD})
    room = server.call("POST", "/rooms/", {"name": "general", "description": "for all"}, ann)["id"]
    plans = server.call("POST", "/rooms/", {"name": "plans"}, ann)["id"]

    ticket = server.call("POST", "/auth/ws-ticket", {}, bo)["ticket"]
    member = Socket(server, f"/ws/{room}?ticket={ticket}")
    member.until("synced")
    watcher = Socket(server, f"/ws?token={ann}")
    watcher.send(type="watch", ref="w")
    watcher.until("watching")
    watcher.send(type="subscribe", room_id=room, history=5)
    watcher.until("synced")
    messages = f"/rooms/{room}/messages"
    first = server.call("POST", messages, {"content": "hello", "client_id": "1"}, ann)
    server.call("POST", messages, {"content": "hello", "client_id": "1"}, ann)
    member.send(type="send", content="hello @ann", client_id="2", ref="2")
    second = member.until("ack")
    third = server.call("POST", messages, {"content": "bye"}, bo)
    server.call("PATCH", f"{messages}/{first['id']}", {"content": "hello, all"}, ann)
    server.call("DELETE", f"{messages}/{third['id']}", None, bo)
    server.call("DELETE", f"{messages}/{second['id']}", None, ann)
    member.send(type="read", room_id=room, seq=3, ref="r")
    member.until("read")
    server.call("PUT", f"/rooms/{room}/read", {"seq": 2}, ann)
    member.send(type="typing", room_id=room)

    for path in ["", "?limit=2", "?after=1", "?before=3", "?around=2"]:
        server.call("GET", messages + path, None, bo)
    server.call("GET", f"/rooms/{room}/events?after=0", None, bo)
    server.call("GET", "/rooms/", None, bo)
    server.call("GET", f"/rooms/{room}", None, bo)
    back = Socket(server, f"/ws/{room}?token={bo}&since=1")
    back.until("synced")
    fresh = server.call("POST", "/auth/refresh", None, bo)["access_token"]
    watcher.send(type="auth.refresh", token=ann, ref="f")
    server.call("GET", "/auth/me", None, fresh)

    # Another process writes: the server's doorbell and its look for revoked sessions find it.
    server.cli("rooms", "rename", "general", "lobby")
    member.until("room_updated")
    server.cli("messages", "delete", "lobby", str(first["id"]), "--yes")
    member.until("message_deleted")
    server.cli("rooms", "create", "from the shell")
    watcher.until("room_created")
    server.cli("rooms", "describe", "lobby", "for everybody")
    server.cli("rooms", "archive", "plans")
    server.cli("rooms", "unarchive", "plans")
    server.cli("rooms", "retention", "plans", "30")
    for arguments in (["rooms", "list"], ["rooms", "show", "lobby"], ["tail", "lobby"], ["users", "list"],
                      ["users", "list", "--query", "b"], ["users", "show", "bo"], ["sessions", "list"],
                      ["audit", "list"], ["stats"], ["doctor", "--deep"], ["prune", "--dry-run"]):
        server.cli(*arguments)
    server.cli("users", "set-role", "cy", "admin", "--yes")
    server.cli("users", "set-role", "cy", "user", "--yes")
    server.cli("users", "reset-password", "cy", "--password-stdin", "--yes")
    server.cli("users", "reset-password", "cy", "--link", "--yes")

    server.call("PATCH", f"/rooms/{plans}", {"name": "old plans", "is_archived": True}, ann)
    server.call("POST", f"/rooms/{plans}/messages", {"content": "late"}, ann, refused=409)
    admin = "/admin/users"
    server.call("GET", admin, None, ann)
    server.call("GET", f"{admin}?q=b", None, ann)
    server.call("GET", f"{admin}/{bo_id}", None, ann)
    server.call("GET", f"{admin}/{bo_id}/sessions", None, ann)
    server.call("GET", "/admin/audit", None, ann)
    server.call("GET", "/admin/stats", None, ann)
    token = server.call("POST", f"{admin}/{cy_id}/password-reset", None, ann)["token"]
    server.call("POST", "/auth/password-reset", {"token": token, "new_password": PASSWORD + " 2"})
    cy = sign_in("cy", PASSWORD + " 2")
    change = {"current_password": PASSWORD + " 2", "new_password": PASSWORD + " 3"}
    server.call("POST", "/auth/password", change, cy)
    server.call("PATCH", f"{admin}/{cy_id}", {"is_active": False}, ann)
    server.call("PATCH", f"{admin}/{cy_id}", {"is_active": True, "role": "admin"}, ann)
    server.call("DELETE", f"{admin}/{cy_id}/sessions", None, ann)
    server.call("POST", "/auth/logout", None, sign_in("bo"))
    server.cli("users", "delete", "cy", "--yes")

    server.call("POST", messages, {"content": "last"}, ann)
    server.cli("prune", "--room", "lobby", "--older-than", "0", "--yes")
    server.call("DELETE", f"/rooms/{plans}", None, ann)
    server.cli("rooms", "delete", "from the shell", "--yes")
    # The purge of a deleted room runs beside the requests; its last statement deletes the room's row.
    while POSTGRES.ask("SELECT 1 FROM rooms WHERE deleted_at IS NOT NULL"):
        time.sleep(0.1)
    # The next sweep and look.
    time.sleep(2)


def transactions(rows):
    """The statements of the log as (text, parameters), in lists of one transaction, in order of their beginning."""
    done, began, last = [], {}, {}
    for row in rows:
        session, severity, message, detail, application = row[5], row[11], row[13], row[14], row[22]
        if application in NOT_SERVING or "' migrate'" in message:
            continue
        if severity == "ERROR":
            last[session].append("failed")
            continue
        found = re.match(r"(?:statement|execute [^:]*): (.*)", message, re.S)
        # An empty statement is a test of the connection.
        if severity != "LOG" or not found or not found[1].strip():
            continue
        values = detail.removeprefix("parameters: ") if detail.startswith("parameters: ") else ""
        statement = [found[1].strip(), values]
        last[session] = statement
        if session in began:
            began[session].append(statement)
        else:
            done.append([statement])
            if statement[0] == "BEGIN":
                began[session] = done[-1]
        if statement[0] in ("COMMIT", "ROLLBACK"):
            began.pop(session, None)
    return [unit for unit in done if all(len(statement) == 2 for statement in unit)]


def is_write(text):
    return re.search(r"\b(INSERT|UPDATE|DELETE)\b", re.sub(r"FOR (NO KEY )?UPDATE", "", text)) is not None


def tidy(text):
    """The text without the indentation that it has in the program."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(["    " + lines[0].strip(), *(line if line.startswith("    ") else "    " + line for line in lines[1:])])


def main():
    server = Server(POSTGRES.url)
    try:
        scenario(server)
    finally:
        server.stop()
    version = POSTGRES.ask("SELECT max(version) FROM refinery_schema_history")[0]
    program = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout.strip()
    units, seen, kept = transactions(POSTGRES.rows()), set(), []
    for unit in units:
        texts = {text for text, _ in unit}
        if any(is_write(text) for text in texts) or not texts <= seen:
            kept.append(unit)
        seen |= texts
    prepared = {}
    print(f"-- What a server of schema {version} ({program}) and its commands said to PostgreSQL.")
    print("-- Recorded by tests/upgrade/record.py, which says how; not written by hand.")
    for text, values in (statement for unit in kept for statement in unit):
        if not re.match(r"(SELECT|INSERT|UPDATE|DELETE|WITH)\b", text) or ";" in text:
            print(f"{text.rstrip(';')};")
            continue
        if text not in prepared:
            name = prepared[text] = f"s{len(prepared) + 1}"
            types = POSTGRES.ask(f"PREPARE {name} AS {text};\nSELECT array_to_string(parameter_types, ', ') "
                                 f"FROM pg_prepared_statements WHERE name = '{name}';")[0]
            print(f"PREPARE {name}{f' ({types})' if types else ''} AS\n{tidy(text)};")
        # `$1 = 'a', $2 = NULL` becomes `'a', NULL`.
        values = re.sub(r"(^|, )\$\d+ = (NULL|'(?:[^']|'')*')", r"\1\2", values)
        print(f"EXECUTE {prepared[text]}{f' ({values})' if values else ''};")


POSTGRES = Postgres()
try:
    main()
finally:
    POSTGRES.stop()
    shutil.rmtree(POSTGRES.folder, ignore_errors=True)
