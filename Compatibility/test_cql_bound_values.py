# Bytes that clients bind: put in order where their type has one, and refused in Cassandra's words where they are no
# value of it; markers, their names and the key places that PREPARE tells; numbers, durations and vectors at the edge
# of the grammar.

import struct

import pytest
from cassandra.cluster import Cluster, ResponseFuture
from cassandra.protocol import InvalidRequest, PrepareMessage, SyntaxException
from cassandra.query import UNSET_VALUE
from cassandra.util import Duration
from cql_tools import bound, fails, keyspace, rows


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "bound_values") as session:
        yield session


@pytest.fixture
def table(session):
    session.execute("DROP TABLE IF EXISTS t")

    def make(columns):
        session.execute("DROP TABLE IF EXISTS t")
        session.execute(f"CREATE TABLE t ({columns})")

    return make


def number(value):
    return struct.pack(">i", value)


def parts(*values):
    return b"".join(number(len(value)) + value for value in values)


def items(*values):
    return number(len(values)) + parts(*values)


ONE, TWO, THREE = number(1), number(2), number(3)


@pytest.mark.parametrize("kind, sent, sorted_bytes", [
    ("frozen<set<int>>", items(THREE, ONE, TWO, ONE), items(ONE, TWO, THREE)),
    ("frozen<map<int, int>>", number(2) + parts(THREE, ONE, ONE, TWO), number(2) + parts(ONE, TWO, THREE, ONE)),
    ("frozen<list<set<int>>>", items(items(TWO, ONE), items()), items(items(ONE, TWO), items())),
    ("frozen<map<set<int>, int>>", number(1) + parts(items(TWO, ONE), ONE), number(1) + parts(items(ONE, TWO), ONE)),
    ("tuple<int, set<int>>", parts(ONE, items(TWO, ONE)), parts(ONE, items(ONE, TWO))),
    ("vector<set<int>, 1>", b"\x14" + items(TWO, ONE), b"\x14" + items(ONE, TWO)),
], ids=lambda value: value if isinstance(value, str) else "")
def test_sets_and_maps_are_sorted_however_they_were_sent(session, table, kind, sent, sorted_bytes):
    """As a key, too: what was sent in another order is the same key."""
    table(f"k {kind} PRIMARY KEY, v {kind}")
    bound(session, "INSERT INTO t (k, v) VALUES (?, ?)", sent, sent)
    for order in (sent, sorted_bytes):
        assert len(list(bound(session, "SELECT k FROM t WHERE k = ?", order))) == 1
        assert len(list(bound(session, "SELECT k FROM t WHERE v = ? ALLOW FILTERING", order))) == 1
    assert rows(session, "SELECT count(*) FROM t") == [(1,)]


def test_slices_of_what_was_sent_unsorted(session, table):
    table("k int PRIMARY KEY, s frozen<set<int>>, m frozen<map<int, int>>")
    bound(session, "INSERT INTO t (k, s, m) VALUES (?, ?, ?)", ONE, items(THREE, ONE, TWO),
          number(3) + parts(THREE, ONE, ONE, ONE, TWO, ONE))
    assert rows(session, "SELECT s[2..], s[3], m[..1], m[2] FROM t") == [({2, 3}, 3, {1: 1}, 1)]


LONG = b"\x7f" + b"\xff" * 7
FIELDS = parts(ONE, b"1", struct.pack(">d", 1))


@pytest.mark.parametrize("kind, value, message", [
    ("list<text>", b"test", "Not enough bytes to read a list"),
    ("list<text>", LONG, "Not enough bytes to read a list"),
    ("list<text>", b"", "Not enough bytes to read a list"),
    ("list<text>", number(-1), "The data cannot be deserialized as a list"),
    ("set<text>", b"test", "Not enough bytes to read a set"),
    ("set<text>", LONG, "String didn't validate."),
    ("set<int>", items(ONE) + b"\0", "Unexpected extraneous bytes after set value"),
    ("map<text, text>", number(-1), "The data cannot be deserialized as a map"),
    ("frozen<map<text, int>>", items(b"v1"), "Not enough bytes to read a map"),
    ("tuple<text, text>", b"test", "Not enough bytes to read 0th component"),
    ("tuple<int, text, double>", FIELDS + parts(ONE), "Invalid remaining data after end of tuple value"),
    ("frozen<set<tuple<int, text, double>>>", items(FIELDS + parts(ONE)), "after end of tuple value"),
    ("frozen<named>", b"test", "Not enough bytes to read 0th field f"),
    ("frozen<named>", parts(ONE, ONE), "Invalid remaining data after end of UDT value"),
    ("named", parts(ONE) + b"\0", "Invalid remaining data after end of UDT value"),
    ("vector<int, 2>", ONE, "Not enough bytes to read a vector<int, 2>"),
    ("vector<int, 2>", ONE * 3, "Unexpected 4 extraneous bytes after vector<int, 2> value"),
    ("vector<text, 2>", b"\1a\1b\1c", "Unexpected 2 extraneous bytes after vector<text, 2> value"),
    ("ascii", "ש".encode(), "Invalid byte for ascii: -41"),
    ("text", b"\xc2", "String didn't validate."),
])
def test_bytes_that_are_no_value(session, table, kind, value, message):
    session.execute("CREATE TYPE IF NOT EXISTS named (f int)")
    table(f"k int PRIMARY KEY, v {kind}")
    with pytest.raises(InvalidRequest) as caught:
        bound(session, "INSERT INTO t (k, v) VALUES (?, ?)", ONE, value)
    assert message in str(caught.value)


def test_unset_markers(session, table):
    session.execute("CREATE TYPE IF NOT EXISTS pair (x int, y int)")
    table("k int PRIMARY KEY, m map<text, text>, l list<text>, t tuple<int, int>, p frozen<pair>")
    for statement, values, message in [
        ("UPDATE t SET m[?] = 'a' WHERE k = 1", (), "Invalid unset map key"),
        ("DELETE m[?] FROM t WHERE k = 1", (), "Invalid unset map key"),
        ("UPDATE t SET l[?] = 'a' WHERE k = 1", (), "Invalid unset value for list index"),
        ("INSERT INTO t (k, t) VALUES (0, (1, ?))", (), "Invalid unset value for tuple field number 1"),
        ("INSERT INTO t (k, p) VALUES (0, {x: ?, y: ?})", (1,), "Invalid unset value for field 'y' of user"),
    ]:
        with pytest.raises(InvalidRequest) as caught:
            session.execute(session.prepare(statement), (*values, UNSET_VALUE))
        assert message in str(caught.value)


@pytest.mark.parametrize("where, places", [
    ("p1 = ? AND p2 = ?", [0, 1]), ("p2 = ? AND c = ? AND p1 = ?", [2, 0]), ("p1 = ? AND p2 = 0", None),
    ("p1 = :a AND p2 = :a", [0, 1]), ("c = :a AND p1 = :b AND p2 = :a", [1, 2]), ("p1 = ? ALLOW FILTERING", None),
])
def test_places_of_the_partition_key(session, table, where, places):
    table("p1 int, p2 int, c int, PRIMARY KEY ((p1, p2), c)")
    assert session.prepare(f"SELECT * FROM t WHERE {where}").routing_key_indexes == places


def test_names_of_markers(session, table):
    table('p int, "C" int, PRIMARY KEY (p, "C")')
    session.execute('INSERT INTO t (p, "C") VALUES (5, 5)')
    prepared = session.prepare('SELECT * FROM t WHERE p = ? AND "C" IN ?')
    assert [column.name for column in prepared.column_metadata] == ["p", "in(C)"]
    assert list(session.execute(prepared, {"p": 5, "in(C)": [5, 6]})) == [(5, 5)]


def test_a_batch_of_qualified_statements_is_prepared_without_a_warning(session, table):
    """One statement without its keyspace makes the batch depend on the one in use."""
    table("k int PRIMARY KEY, v int")
    insert = "INSERT INTO {}t (k, v) VALUES (1, 2)"
    own, open_one = insert.format("bound_values."), insert.format("")
    for first, second, warns in [(own, own, False), (own, open_one, True)]:
        cluster = Cluster([session.hosts[0].address], port=session.hosts[0].endpoint.port, protocol_version=5)
        future = ResponseFuture(
            cluster.connect("bound_values"), PrepareMessage(query=f"BEGIN BATCH {first}; {second} APPLY BATCH"),
            query=None, timeout=10)
        future.send_request()
        future.result()
        assert [text[:16] for text in future.warnings or []] == (["`USE <keyspace>`"] if warns else [])
        cluster.shutdown()


def test_durations(session, table):
    table("k int PRIMARY KEY, d duration")
    minute = 60 * 10**9
    for text, value in [
        ("1µs", (0, 0, 1000)), ("-1y2mo", (-14, 0, 0)), ("2y3w", (24, 21, 0)), ("-P1YT2H", (-12, 0, -120 * minute)),
        ("P2W", (0, 14, 0)), ("PT30H20M", (0, 0, 1820 * minute)), ("P0001-03-00T02:10:00", (15, 0, 130 * minute)),
    ]:
        session.execute(f"INSERT INTO t (k, d) VALUES (1, {text})")
        assert rows(session, "SELECT d FROM t") == [(Duration(*value),)], text
    for text in ["1y-2mo", "P2Y3W", "P1y2D", "P0002-00-20", "0.5y", "2m12.5s", "PT"]:
        fails(session, f"INSERT INTO t (k, d) VALUES (1, {text})", kind=SyntaxException)
    fails(session, "INSERT INTO t (k, d) VALUES (1, 2m3m)", "multiple times")


def test_slices_between_floating_points(session, table):
    """`0...3.` is from `0.` to `3.`."""
    table("k int PRIMARY KEY, m map<double, int>")
    session.execute("INSERT INTO t (k, m) VALUES (1, {0.0: 0, 1.5: 1, 3.0: 3, 4.5: 4})")
    assert rows(session, "SELECT m[0...3.], m[..1.5], m[3...4.5] FROM t") == [
        ({0.0: 0, 1.5: 1, 3.0: 3}, {0.0: 0, 1.5: 1}, {3.0: 3, 4.5: 4})]


def test_dimensions_of_vectors(session):
    session.execute("CREATE TABLE longest (k int PRIMARY KEY, v vector<float, 2147483647>)")
    fails(session, "INSERT INTO longest (k, v) VALUES (1, [1, 2])", "Invalid vector literal")
    with pytest.raises(InvalidRequest):
        bound(session, "INSERT INTO longest (k, v) VALUES (?, ?)", ONE, ONE)
    fails(session, "CREATE TABLE none (k int PRIMARY KEY, v vector<float, 2147483648>)", "NumberFormatException",
          kind=SyntaxException)
    for dimensions in ("0", "-18"):
        fails(session, f"CREATE TABLE none (k int PRIMARY KEY, v vector<float, {dimensions}>)",
              "vectors may only have positive dimensions")
    deep = "vector<vector<vector<double, 2147483647>, 2147483647>, 2147483647>"
    session.execute(f"CREATE TABLE deeper (k int PRIMARY KEY, v {deep})")
    with pytest.raises(InvalidRequest):
        bound(session, "INSERT INTO deeper (k, v) VALUES (?, ?)", ONE, ONE * 8)


def test_statements_of_later_versions(session):
    for statement in [
        "CREATE TABLE t2 (k int PRIMARY KEY, v int CHECK v < 4)", "CREATE TABLE t2 (k int PRIMARY KEY, v int NOT NULL)",
        "COMMENT ON KEYSPACE k IS 'text'", "SECURITY LABEL ON KEYSPACE k IS 'text'", "CREATE TABLE t2 LIKE t",
    ]:
        fails(session, statement, kind=SyntaxException)


def test_user_types_are_named_as_they_were_written(session):
    session.execute("CREATE TYPE IF NOT EXISTS named (f int)")
    for name in ("named", "bound_values.named"):
        fails(session, f"CREATE TABLE none (k int PRIMARY KEY, v map<int, {name}>)",
              f"Non-frozen UDTs are not allowed inside collections: map<int, {name}>")
