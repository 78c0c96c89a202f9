"""`millrace cql` and `millrace store` against the embedded store, checked by cassandra-driver; on a real Cassandra too."""

import contextlib
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest
from cassandra.cluster import Cluster
from clients import answer, millrace, refuse, succeed
from conftest import BINARY, environment, start_stack

SIMPLE = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
KEYSPACE = "shell_test"
# cassandra://host:9042 of a real one: the same tests run there.
REAL = os.environ.get("MILLRACE_TEST_CASSANDRA")


@pytest.fixture(scope="module", params=["ours", "real"])
def store(request):
    """Flags that point a command at a store, and a driver's session with it."""
    stack = None
    if request.param == "real":
        if not REAL:
            pytest.skip("set MILLRACE_TEST_CASSANDRA=cassandra://host:9042 to test a real Cassandra")
        host, port = REAL.split("//")[1].split(":")
    else:
        stack = start_stack("--only", "store")
        host, port = stack.cql
    cluster = Cluster([host], port=int(port))
    session = cluster.connect()
    session.default_timeout = 60
    session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")
    session.execute(f"CREATE KEYSPACE {KEYSPACE} WITH replication = {SIMPLE}")
    session.set_keyspace(KEYSPACE)
    session.flags = ("--store", f"cassandra://{host}:{port}")
    session.is_ours = stack is not None
    yield session
    session.execute(f"DROP KEYSPACE {KEYSPACE}")
    cluster.shutdown()
    if stack:
        stack.stop()


def cql(store, text, *flags, code=0):
    ended = millrace("cql", *store.flags, "-k", KEYSPACE, "-e", text, *flags)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended


def feed(text, *arguments):
    return subprocess.run([BINARY, *arguments], input=text, capture_output=True, text=True, timeout=60,
                          env=environment())


def test_statements_are_shown_as_tables(store):
    out = cql(store, "CREATE TABLE shown (k int PRIMARY KEY, v text, m map<text, int>);"
                     "INSERT INTO shown (k, v, m) VALUES (1, 'Ada', {'a': 1}); INSERT INTO shown (k) VALUES (20);"
                     "SELECT k, m, v FROM shown WHERE k IN (1, 20)").stdout
    assert [line.rstrip() for line in out.splitlines()] == [
        "", " k  | m        | v", "----+----------+------", "  1 | {'a': 1} |  Ada", " 20 |     null | null", "",
        "(2 rows)"]
    assert "\033" not in out
    out = cql(store, "SELECT k, v FROM shown WHERE k = 1", "--expand").stdout
    assert "@ Row 1" in out and " v | Ada" in out


def test_json_is_one_object_a_row(store):
    cql(store, "CREATE TABLE typed (k bigint PRIMARY KEY, b blob, d double, s set<text>, u uuid)")
    cql(store, "INSERT INTO typed (k, b, d, s) VALUES (9007199254740993, 0xff, 1.5, {'x'})")
    lines = cql(store, "SELECT k, b, d, s, u FROM typed", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"k": 9007199254740993, "b": "0xff", "d": 1.5, "s": ["x"], "u": None}]


def test_errors_have_class_place_and_exit_code(store):
    ended = cql(store, "SELECT * FROM nowhere;\nSELEC;\nSELECT key FROM system.local WHERE key = 'local'", code=2)
    first, second = ended.stderr.splitlines()[:2]
    assert first.startswith("-e:1: InvalidRequest: ") and second.startswith("-e:2: SyntaxException: line 1:0")
    assert "local" in ended.stdout, "one that fails does not stop the next"
    ended = cql(store, "SELECT * FROM nowhere", "--json", code=2)
    assert json.loads(ended.stderr.splitlines()[-1])["error"] == "InvalidRequest"
    refuse("cql", "--store", "cassandra://127.0.0.1:1", "-e", "SELECT 1", says=("cannot be reached",))
    assert millrace("cql", "--consistency", "SOME", "-e", "x").returncode == 64


def test_files_pipes_and_commands(store, tmp_path):
    inner = tmp_path / "inner.cql"
    inner.write_text("-- a comment; with a semicolon\nINSERT INTO filed (k, v) VALUES (3, 'it''s; three')\n;\n")
    outer = tmp_path / "outer.cql"
    outer.write_text(f"CREATE TABLE filed (k int PRIMARY KEY, v text);\nSOURCE '{inner}'\n"
                     "BEGIN BATCH\n INSERT INTO filed (k, v) VALUES (1, 'a');\n INSERT INTO filed (k) VALUES (2);\n"
                     "APPLY BATCH;\nEXPAND OFF\nSELECT count(*) FROM filed;\n")
    out = succeed("cql", *store.flags, "-k", KEYSPACE, "-f", outer)
    assert " 3" in out and "(1 rows)" in out
    assert [row.v for row in store.execute("SELECT v FROM filed WHERE k = 3")] == ["it's; three"]
    ended = feed("CONSISTENCY QUORUM\nCONSISTENCY\nSELECT k\nFROM filed WHERE k = 2;\nEXIT\nSELECT nothing;\n",
                 "cql", *store.flags, "-k", KEYSPACE)
    assert ended.returncode == 0, ended.stderr
    assert "Current consistency level is QUORUM." in ended.stdout and " 2" in ended.stdout
    refuse("cql", *store.flags, "-f", tmp_path / "missing", says=("cannot be read",))


def test_use_tracing_and_describe(store):
    cql(store, "CREATE TABLE described (k int PRIMARY KEY)")
    ended = feed(f"USE {KEYSPACE};\nDESCRIBE TABLES;\nTRACING ON\nSELECT * FROM described;\n", "cql", *store.flags)
    assert ended.returncode == 0, ended.stderr
    assert "  described" in ended.stdout and "Tracing session: " in ended.stdout
    assert "Request complete" in ended.stdout
    if store.is_ours:
        out = cql(store, "DESCRIBE TABLE described").stdout
        assert out.lstrip().startswith(f"CREATE TABLE {KEYSPACE}.described (\n    k int")


class Person:
    """The shell on a terminal, and somebody's keys."""

    def __init__(self, folder, *flags):
        self.history = folder / "history"
        self.seen = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update({"CQL_HISTORY": str(self.history), "TERM": "xterm"})
            os.execv(BINARY, [BINARY, "cql", *flags])

    def press(self, keys):
        os.write(self.terminal, keys)

    def expect(self, text, seconds=30):
        deadline = time.monotonic() + seconds
        while text.encode() not in self.seen:
            assert time.monotonic() < deadline, self.seen.decode(errors="replace")
            if select.select([self.terminal], [], [], 0.2)[0]:
                self.seen += os.read(self.terminal, 65536)
        self.seen = self.seen[self.seen.index(text.encode()) + len(text):]

    def prompt(self):
        """An empty line that waits: what is drawn before the first key."""
        self.expect("> \r")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.press(b"\x04")
                deadline = time.monotonic() + 30
                while (ended := os.waitpid(self.pid, os.WNOHANG))[0] == 0:
                    assert time.monotonic() < deadline, "Ctrl-D does not end it"
                    time.sleep(0.05)
                assert os.waitstatus_to_exitcode(ended[1]) == 0
                return
        finally:
            os.close(self.terminal)
        os.kill(self.pid, signal.SIGKILL)


def test_a_person_at_a_terminal(store, tmp_path):
    """Completion, history, an error, Ctrl-C, Ctrl-D."""
    with Person(tmp_path, *store.flags, "-k", KEYSPACE) as person:
        person.prompt()
        person.press(b"sel\t")
        person.expect("SELECT ")
        person.press(b"key FROM system.loc\tWHERE key = 'local';\r")
        person.expect("(1 rows)")
        person.prompt()
        person.press(b"SELECT nonsense\x03")
        person.expect("^C")
        person.prompt()
        person.press(b"\x1b[A\r")
        person.expect("(1 rows)")
        person.prompt()
        person.press(b"SELECT x FROM nowhere;\r")
        person.expect("InvalidRequest: ")
        person.prompt()
    assert "SELECT key FROM system.local WHERE key = 'local';" in person.history.read_text()


def silent_server():
    """Speaks protocol 4, answers nothing to say to all statements, and nothing at all to one that says "hang"."""
    listener = socket.create_server(("127.0.0.1", 0))
    answers = {5: (6, b"\0\0"), 1: (2, b""), 11: (2, b""), 7: (8, b"\0\0\0\1")}

    def serve(connection):
        with connection:
            stream = connection.makefile("rb")
            while len(header := stream.read(9)) == 9:
                version, _, number, opcode, length = struct.unpack(">BBhBi", header)
                body = stream.read(length)
                if version != 4:
                    text = b"Invalid or unsupported protocol version"
                    kind, body = 0, struct.pack(">iH", 10, len(text)) + text
                elif b"hang" in body:
                    continue
                else:
                    kind, body = answers[opcode]
                connection.sendall(struct.pack(">BBhBi", 0x84, 0, number, kind, len(body)) + body)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener


def test_ctrl_c_ends_the_statement_and_not_the_shell(tmp_path):
    with silent_server() as server:
        with Person(tmp_path, "--store", f"cassandra://127.0.0.1:{server.getsockname()[1]}") as person:
            person.prompt()
            for _ in range(2):
                person.press(b"SELECT hang;\r")
                person.expect("SELECT hang;\r")
                person.expect("\r\n")
                time.sleep(0.3)
                os.kill(person.pid, signal.SIGINT)
                person.expect("interrupted")
                person.prompt()
            person.press(b"SELECT nothing;\r")
            person.prompt()


ALL_TYPES = """k int, c text, st text static, a ascii, bi bigint, bl blob, bo boolean, de decimal, do double, fl float,
    ts timestamp, u uuid, vi varint, tu timeuuid, ip inet, da date, ti time, sm smallint, ty tinyint, du duration,
    li list<text>, se set<int>, ma map<text, frozen<list<int>>>, tp frozen<tuple<int, text>>, ud frozen<place>"""


def fill(store):
    store.execute('CREATE TYPE IF NOT EXISTS place (street text, "Zip" int, tags frozen<set<text>>)')
    for table in ("source", "target"):
        store.execute(f"DROP TABLE IF EXISTS {table}")
        store.execute(f"CREATE TABLE {table} ({ALL_TYPES}, PRIMARY KEY (k, c))")
    for number in range(40):
        store.execute(
            f"""INSERT INTO source (k, c, st, a, bi, bl, bo, de, do, fl, ts, u, vi, tu, ip, da, ti, sm, ty, du, li, se,
            ma, tp, ud) VALUES ({number // 3}, '{number}, "x"', 'static', 'a', {-number}, 0x00ff, {number % 2 == 0},
            1.{number}0, 0.1, 1.5, '2020-01-0{1 + number % 9} 12:00:00.123+0000', uuid(), {10 ** 30 + number}, now(),
            '::{number}', '1969-12-31', '23:59:59.999999999', {number}, {number}, 1mo2d3ns, ['it''s', ''], {{1, {number}}},
            {{'k:': [1]}}, ({number}, null), {{street: 'a}}', "Zip": {number}, tags: {{'t'}}}})""")
    store.execute("INSERT INTO source (k, st) VALUES (-1, 'nothing else')")
    store.execute("INSERT INTO source (k, c) VALUES (-2, '')")


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_tables_go_to_files_and_back(store, form, tmp_path):
    fill(store)
    path = tmp_path / f"source.{form}"
    succeed("store", "export", f"{KEYSPACE}.source", "--to", path, *store.flags)
    assert not (tmp_path / f"source.{form}.parts").exists()
    succeed("store", "import", f"{KEYSPACE}.target", path, *store.flags)
    source, target = ([tuple(row) for row in store.execute(f"SELECT * FROM {t}")] for t in ("source", "target"))
    assert len(source) == 42 and source == target
    # In the order of the ring, so the same twice, to standard output too.
    again = succeed("store", "export", f"{KEYSPACE}.target", "--format", form, *store.flags)
    assert again == path.read_text()
    refuse("store", "export", f"{KEYSPACE}.source", "--to", path, *store.flags, says=("--replace",))
    refuse("store", "export", f"{KEYSPACE}.nowhere", *store.flags, says=("no such table",))
    refuse("store", "export", "nowhere", *store.flags, says=("keyspace.table",))


def test_a_broken_export_goes_on(store, tmp_path):
    """Method: the note and the file are put back to where a killed export would have left them."""
    store.execute("CREATE TABLE long (k int PRIMARY KEY)")
    for number in range(300):
        store.execute(f"INSERT INTO long (k) VALUES ({number})")
    path = tmp_path / "long.csv"
    succeed("store", "export", f"{KEYSPACE}.long", "--to", path, *store.flags)
    whole = path.read_bytes()
    parts = tmp_path / "long.csv.parts"
    parts.mkdir()
    note = {"of": f"{KEYSPACE}.long csv k int 44 false", "ranges": 0, "bytes": 0}
    (parts / "progress.json").write_text(json.dumps({**note, "ranges": 128, "bytes": 10}))
    path.write_bytes(whole + b"torn")
    succeed("store", "export", f"{KEYSPACE}.long", "--to", path, "--resume", *store.flags)
    assert path.read_bytes() == whole[:10]
    parts.mkdir()
    (parts / "progress.json").write_text(json.dumps({**note, "of": "another"}))
    refuse("store", "export", f"{KEYSPACE}.long", "--to", path, "--resume", *store.flags, says=("another export",))


def test_bad_rows_are_put_aside(store, tmp_path):
    store.execute("CREATE TABLE picky (k int PRIMARY KEY, v int, t text)")
    path = tmp_path / "picky.csv"
    path.write_text('k,v,t\n1,1,a\nx,1,b\n2,2\n3,,""\n4,99999999999,c\n,1,d\n5,5,"two\nlines"\n')
    refuse("store", "import", f"{KEYSPACE}.picky", path, *store.flags, says=("4 rows were refused",))
    rows = {row.k: (row.v, row.t) for row in store.execute("SELECT * FROM picky")}
    assert rows == {1: (1, "a"), 3: (None, ""), 5: (5, "two\nlines")}
    bad = [json.loads(line) for line in (tmp_path / "picky.csv.bad.ndjson").read_text().splitlines()]
    assert sorted(entry["line"] for entry in bad) == [3, 4, 6, 7]
    assert {entry["record"] for entry in bad} >= {"x,1,b", "2,2"}
    assert all(entry["reason"] for entry in bad)
    refuse("store", "import", f"{KEYSPACE}.picky", path, "--bad-rows-max", "1", *store.flags, says=("too many rows",))
    ended = feed('{"k": 7, "v": 1}\n{"k": 8, "nothing": 1}\n', "store", "import", f"{KEYSPACE}.picky", "-", "--format",
                 "ndjson", "--bad-rows", str(tmp_path / "bad"), *store.flags)
    assert ended.returncode == 1 and "1 rows were refused" in ended.stderr
    assert store.execute("SELECT v FROM picky WHERE k = 7").one().v == 1
    refuse("store", "import", f"{KEYSPACE}.picky", tmp_path / "missing", *store.flags, says=("cannot be read",))


def test_counters_are_added(store, tmp_path):
    for table in ("counted", "counted_again"):
        store.execute(f"CREATE TABLE {table} (k int PRIMARY KEY, n counter)")
    for number in range(20):
        store.execute(f"UPDATE counted SET n = n + {number} WHERE k = {number}")
    path = tmp_path / "counted.csv"
    succeed("store", "export", f"{KEYSPACE}.counted", "--to", path, *store.flags)
    for _ in range(2):
        succeed("store", "import", f"{KEYSPACE}.counted_again", path, *store.flags)
    rows = {row.k: row.n for row in store.execute("SELECT * FROM counted_again")}
    assert rows == {number: 2 * number for number in range(20)}


def test_stats_and_compact(store):
    store.execute("CREATE TABLE measured (k int PRIMARY KEY)")
    for number in range(30):
        store.execute(f"INSERT INTO measured (k) VALUES ({number})")
    tables = {table["table"]: table for table in answer("store", "stats", "--rows", *store.flags)["tables"]}
    assert tables["measured"]["rows"] == 30
    assert "measured" in succeed("store", "stats", *store.flags)
    if store.is_ours:
        assert "is compacted" in succeed("store", "compact", f"{KEYSPACE}.measured", *store.flags)
        assert len(list(store.execute("SELECT k FROM measured"))) == 30
        refuse("store", "compact", f"{KEYSPACE}.nowhere", *store.flags, says=("does not exist",))
    else:
        refuse("store", "compact", *store.flags, says=("nodetool",))


@pytest.mark.parametrize("command", [("cql",), ("store",), ("store", "export"), ("store", "import"),
                                     ("store", "stats"), ("store", "compact")])
def test_help_has_examples(command):
    text = succeed(*command, "--help")
    assert "USAGE" in text and (command == ("store",) or "Examples:" in text)
