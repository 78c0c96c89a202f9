"""Vectors in the CQL store: similarity functions, and ORDER BY … ANN OF."""

import math

import pytest
from cassandra import ConsistencyLevel, InvalidRequest
from cassandra.protocol import ConfigurationException
from cassandra.query import SimpleStatement
from cql_tools import fails, keyspace, rows, table  # noqa: F401 (`table` is a fixture)


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "vectors") as session:
        yield session


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    return (1 + dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))) / 2


def euclidean(a, b):
    return 1 / (1 + sum((x - y) ** 2 for x, y in zip(a, b)))


def dot_product(a, b):
    return (1 + sum(x * y for x, y in zip(a, b))) / 2


FUNCTIONS = [("cosine", cosine), ("euclidean", euclidean), ("dot_product", dot_product)]


@pytest.mark.parametrize("name, function", FUNCTIONS)
def test_similarity_functions(session, table, name, function):
    called = f"system.similarity_{name}"
    t = table("pk int PRIMARY KEY, v vector<float, 2>, l list<float>, one vector<float, 1>, ints vector<int, 2>")
    session.execute(f"INSERT INTO {t} (pk, v, l, one, ints) VALUES (0, [1, 2], [1, 2], [1], [1, 2])")
    same = function([1, 2], [1, 2])
    other = function([1, 2], [-3, 0.5])
    assert rows(session, f"SELECT {called}(v, v) FROM {t}")[0][0] == pytest.approx(same)
    assert rows(session, f"SELECT similarity_{name}(v, [-3, 0.5]) FROM {t}")[0][0] == pytest.approx(other)
    assert rows(session, f"SELECT {called}([1, 2], [1, 2]) FROM {t}")[0][0] == pytest.approx(same)
    prepared = session.prepare(f"SELECT {called}(v, ?) FROM {t}")
    assert session.execute(prepared, ([-3.0, 0.5],)).one()[0] == pytest.approx(other)
    assert session.execute(prepared, (None,)).one()[0] is None
    assert rows(session, f"SELECT {called}(v, null) FROM {t}") == [(None,)]
    fails(session, f"SELECT {called}(l, v) FROM {t}", f"Function {called} requires a float vector argument", "l of type list<float>")
    fails(session, f"SELECT {called}(ints, v) FROM {t}", "requires a float vector argument")
    fails(session, f"SELECT {called}(v, one) FROM {t}", "All arguments must have the same vector dimensions")
    fails(session, f"SELECT {called}(v, [1]) FROM {t}", "All arguments must have the same vector dimensions")
    fails(session, f"SELECT {called}(null, null) FROM {t}", "Cannot infer type of argument")
    fails(session, f"SELECT {called}(v, ['a', 'b']) FROM {t}", "Type error: ['a', 'b'] cannot be passed as argument 1")
    if name == "cosine":
        fails(session, f"SELECT {called}(v, [0, 0]) FROM {t}", "doesn't support all-zero vectors")
    else:
        assert rows(session, f"SELECT {called}(v, [0, 0]) FROM {t}")[0][0] == pytest.approx(function([1, 2], [0, 0]))


@pytest.mark.parametrize("name, function", FUNCTIONS)
def test_nearest(session, table, name, function):
    t = table("k int, c int, v vector<float, 3>, a int, PRIMARY KEY (k, c)")
    session.execute(f"CREATE CUSTOM INDEX ON {t} (v) USING 'StorageAttachedIndex' WITH OPTIONS = {{'similarity_function': '{name}'}}")
    session.execute(f"CREATE INDEX ON {t} (a) USING 'sai'")
    stored = {}
    for k in range(5):
        for c in range(6):
            vector = [math.sin(k * 6 + c + 1), math.cos(k - 2 * c), (k + 1) / (c + 1)]
            stored[k, c] = vector
            session.execute(f"INSERT INTO {t} (k, c, v, a) VALUES ({k}, {c}, {vector}, {c})")
    session.execute(f"INSERT INTO {t} (k, c, a) VALUES (9, 9, 1)")
    query = [0.3, -0.2, 0.9]

    def nearest(count, keep=lambda k, c: True):
        return sorted((key for key in stored if keep(*key)), key=lambda key: -function(stored[key], query))[:count]

    def found(where, count):
        return rows(session, f"SELECT k, c FROM {t} {where} ORDER BY v ANN OF {query} LIMIT {count}")

    assert found("", 7) == nearest(7)
    assert found("", 1000) == nearest(30)
    assert found("WHERE k = 2", 3) == nearest(3, lambda k, c: k == 2)
    assert found("WHERE k = 2 AND c > 2", 9) == nearest(9, lambda k, c: k == 2 and c > 2)
    assert found("WHERE a >= 3", 5) == nearest(5, lambda k, c: c >= 3)
    prepared = session.prepare(f"SELECT k, c FROM {t} ORDER BY v ANN OF ? LIMIT ?")
    assert [tuple(row) for row in session.execute(prepared, (query, 4))] == nearest(4)
    # Updated and deleted vectors.
    best = nearest(1)[0]
    session.execute(f"DELETE v FROM {t} WHERE k = {best[0]} AND c = {best[1]}")
    del stored[best]
    assert found("", 5) == nearest(5)
    scores = rows(session, f"SELECT similarity_{name}(v, {query}) FROM {t} ORDER BY v ANN OF {query} LIMIT 5")
    assert [row[0] for row in scores] == pytest.approx([function(stored[key], query) for key in nearest(5)], rel=1e-5)


def test_rules(session, table):
    t = table("pk1 int, pk2 int, ck1 int, ck2 int, v vector<float, 2>, d int, i vector<int, 2>, PRIMARY KEY ((pk1, pk2), ck1, ck2)")
    order = "ORDER BY v ANN OF [1, 2]"
    fails(session, f"SELECT * FROM {t} {order} LIMIT 3", "ANN ordering by vector requires the column to be indexed")
    answer = session.execute(f"CREATE INDEX ON {t} (v) USING 'sai'")
    assert any("experimental" in text for text in answer.response_future.warnings or [])
    session.execute(f"INSERT INTO {t} (pk1, pk2, ck1, ck2, v, d) VALUES (1, 1, 1, 1, [1, 2], 5)")
    fails(session, f"SELECT * FROM {t} {order}", "LIMIT that is not greater than 1000. LIMIT was NO LIMIT")
    fails(session, f"SELECT * FROM {t} {order} LIMIT 1001", "LIMIT was 1001")
    fails(session, f"SELECT * FROM {t} ORDER BY v ANN OF [1, 2] DESC LIMIT 3", "Descending ANN ordering is not supported")
    fails(session, f"SELECT * FROM {t} ORDER BY v ANN OF [1, 2], ck1 LIMIT 3", "ANN ordering does not support any other ordering")
    fails(session, f"SELECT * FROM {t} ORDER BY v ANN OF [1, 2], v ANN OF [1, 2] LIMIT 3", "Cannot specify more than one ANN ordering")
    fails(session, f"SELECT * FROM {t} ORDER BY d ANN OF 1 LIMIT 3", "ANN ordering is only supported on float vector indexes")
    fails(session, f"SELECT * FROM {t} ORDER BY i ANN OF [1, 2] LIMIT 3", "ANN ordering is only supported on float vector indexes")
    fails(session, f"SELECT sum(d) FROM {t} {order} LIMIT 3", "can not be run with aggregation")
    fails(session, f"SELECT * FROM {t} {order} PER PARTITION LIMIT 1 LIMIT 3", "per-partition limits")
    fails(session, f"SELECT * FROM {t} ORDER BY v ANN OF [0, 0] LIMIT 3", "Zero vectors cannot be indexed or queried with cosine similarity")
    fails(session, f"SELECT * FROM {t} ORDER BY v ANN OF [1, 2, 3] LIMIT 3")
    fails(session, f"INSERT INTO {t} (pk1, pk2, ck1, ck2, v) VALUES (1, 1, 1, 2, [0, 0])", "Zero vectors cannot be indexed")
    fails(session, f"SELECT * FROM {t} WHERE v = [1, 2]", "Vector indexes only support ANN queries")
    for where in ("d >= 1", "ck1 >= 0", "ck2 = 1", "pk1 = 1", "pk2 = 1"):
        fails(session, f"SELECT * FROM {t} WHERE {where} {order} LIMIT 3 ALLOW FILTERING", "requires all restricted column(s) to be indexed")
    single = table("k int PRIMARY KEY, v vector<float, 1>")
    fails(session, f"CREATE INDEX ON {single} (v) USING 'sai'", "Cosine similarity is not supported for single-dimension vectors")
    session.execute(f"CREATE INDEX ON {single} (v) USING 'sai' WITH OPTIONS = {{'similarity_function': 'euclidean'}}")
    fails(session, f"CREATE INDEX other ON {t} (v) USING 'sai' WITH OPTIONS = {{'similarity_function': 'foo'}}", "storage-attached index on the same column")
    plain = table("k int PRIMARY KEY, v vector<float, 2>")
    fails(session, f"CREATE INDEX ON {plain} (v) USING 'sai' WITH OPTIONS = {{'similarity_function': 'foo'}}", "Similarity function FOO was not recognized")


def test_index_options(session, table):
    t = table("k int PRIMARY KEY, v vector<float, 3>")

    def create(options):
        return f"CREATE CUSTOM INDEX ON {t} (v) USING 'sai' WITH OPTIONS = {{{options}}}"

    fails(session, create("'maximum_node_connections': '-1'"), "cannot be <= 0")
    fails(session, create("'maximum_node_connections': 'dog'"), "not a valid integer")
    fails(session, create("'construction_beam_width': '5000'"), "cannot be <= 0 or > 3200")
    fails(session, create("'optimize_for': 'luck'"), "was not recognized")
    fails(session, create("'bad_option': 'x'"), "not understood by", kind=ConfigurationException)
    session.execute(create("'similarity_function': 'DOT_PRODUCT', 'optimize_for': 'recall'"))
    described = session.execute(f"DESCRIBE INDEX vectors.{t}_v_idx").one().create_statement
    assert described.startswith(f"CREATE CUSTOM INDEX {t}_v_idx ON vectors.{t} (v) USING 'sai' WITH OPTIONS = {{")
    assert "'similarity_function': 'DOT_PRODUCT'" in described and "class_name" not in described


def test_consistency(session, table):
    t = table("k int PRIMARY KEY, v vector<float, 2>")
    session.execute(f"CREATE INDEX ON {t} (v) USING 'sai'")
    session.execute(f"INSERT INTO {t} (k, v) VALUES (1, [1, 2])")
    text = f"SELECT k FROM {t} ORDER BY v ANN OF [1, 1] LIMIT 1"
    answer = session.execute(SimpleStatement(text, consistency_level=ConsistencyLevel.QUORUM))
    assert any("Downgrading the consistency level to ONE" in text for text in answer.response_future.warnings or [])
    with pytest.raises(InvalidRequest):
        session.execute(SimpleStatement(text, consistency_level=ConsistencyLevel.SERIAL))


def test_one_page_only(session, table):
    t = table("k int PRIMARY KEY, v vector<float, 2>")
    session.execute(f"CREATE INDEX ON {t} (v) USING 'sai'")
    for k in range(20):
        session.execute(f"INSERT INTO {t} (k, v) VALUES ({k}, [{k + 1}, 3])")
    statement = SimpleStatement(f"SELECT k FROM {t} ORDER BY v ANN OF [1, 1] LIMIT 12", fetch_size=5)
    answer = session.execute(statement)
    assert not answer.has_more_pages and len(answer.current_rows) == 12
    assert any("do not support paging" in text for text in answer.response_future.warnings or [])
