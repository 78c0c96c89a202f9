"""How pages end. As in Cassandra a full page is followed by another one, which may have no row, unless
the last partition that the statement names is known to have none left."""

import pytest
from cassandra.query import SimpleStatement
from cql_tools import keyspace, rows


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "paging") as session:
        yield session


@pytest.fixture(scope="module")
def filled(session):
    """Four partitions of four rows and one of static values only; and four partitions of one row."""
    session.execute(
        "CREATE TABLE pages_wide (p int, c int, s int static, v int, PRIMARY KEY (p, c))")
    session.execute("CREATE TABLE pages_plain (p int PRIMARY KEY, v int)")
    for name in ("pages_wide", "pages_plain"):
        session.execute(f"CREATE INDEX ON {name} (v)")
    for p in range(4):
        session.execute(f"INSERT INTO pages_plain (p, v) VALUES ({p}, 1)")
        for c in range(4):
            session.execute(f"INSERT INTO pages_wide (p, c, s, v) VALUES ({p}, {c}, 1, 1)")
    session.execute("INSERT INTO pages_wide (p, s) VALUES (9, 1)")
    return session


def pages(session, text, size, prepared=False):
    """How many rows each page has."""
    if prepared:
        statement = session.prepare(text)
        statement.fetch_size = size
    else:
        statement = SimpleStatement(text, fetch_size=size)
    answer = session.execute(statement)
    counts = [len(answer.current_rows)]
    while answer.has_more_pages:
        assert len(counts) < 40, counts
        answer = session.execute(statement, paging_state=answer.paging_state)
        counts.append(len(answer.current_rows))
    return counts


ENDS = [
    # Ranges: nothing is known of what comes behind.
    ("SELECT * FROM pages_plain", 2, [2, 2, 0]),
    ("SELECT * FROM pages_plain", 3, [3, 1]),
    ("SELECT * FROM pages_plain", 4, [4, 0]),
    ("SELECT * FROM pages_plain LIMIT 4", 2, [2, 2]),
    ("SELECT * FROM pages_wide", 16, [16, 1]),
    ("SELECT * FROM pages_wide", 17, [17, 0]),
    ("SELECT * FROM pages_wide PER PARTITION LIMIT 2", 9, [9, 0]),
    ("SELECT * FROM pages_wide PER PARTITION LIMIT 2", 2, [2, 2, 2, 2, 1]),
    ("SELECT p FROM pages_plain WHERE token(p) = token(1)", 1, [1, 0]),
    ("SELECT DISTINCT p FROM pages_wide", 5, [5, 0]),
    # Partitions without clustering columns, and those that gave all they may.
    ("SELECT * FROM pages_plain WHERE p = 1", 1, [1]),
    ("SELECT * FROM pages_plain WHERE p IN (1, 2)", 1, [1, 1]),
    ("SELECT * FROM pages_plain WHERE p IN (1, 2)", 2, [2]),
    ("SELECT DISTINCT p FROM pages_wide WHERE p IN (1, 2)", 1, [1, 1]),
    ("SELECT * FROM pages_wide WHERE p = 9", 1, [1]),
    ("SELECT * FROM pages_wide WHERE p = 1 PER PARTITION LIMIT 2", 2, [2]),
    ("SELECT * FROM pages_wide WHERE p IN (1, 2) PER PARTITION LIMIT 2", 2, [2, 2]),
    # Partitions that may have more rows.
    ("SELECT * FROM pages_wide WHERE p = 1", 2, [2, 2, 0]),
    ("SELECT * FROM pages_wide WHERE p = 1 ORDER BY c DESC", 4, [4, 0]),
    ("SELECT * FROM pages_wide WHERE p = 1 LIMIT 4", 4, [4]),
    ("SELECT * FROM pages_wide WHERE p = 1 AND c = 1", 1, [1, 0]),
    ("SELECT * FROM pages_wide WHERE p = 1 AND c = 1", 2, [1]),
    ("SELECT * FROM pages_wide WHERE p = 1 AND c IN (1, 2)", 2, [2, 0]),
    ("SELECT * FROM pages_wide WHERE p IN (1, 2)", 4, [4, 4, 0]),
    # Indexes: ranges all of them.
    ("SELECT * FROM pages_plain WHERE v = 1", 2, [2, 2, 0]),
    ("SELECT * FROM pages_plain WHERE p = 1 AND v = 1", 1, [1, 0]),
    ("SELECT * FROM pages_wide WHERE v = 1", 4, [4, 4, 4, 4, 0]),
    ("SELECT * FROM pages_wide WHERE v = 1", 5, [5, 5, 5, 1]),
    ("SELECT * FROM pages_wide WHERE p = 1 AND v = 1", 4, [4, 0]),
    # Groups.
    ("SELECT p, count(*) FROM pages_wide GROUP BY p", 5, [5, 0]),
    ("SELECT p, count(*) FROM pages_wide GROUP BY p", 2, [2, 2, 1]),
    ("SELECT p, count(*) FROM pages_wide GROUP BY p LIMIT 2", 1, [1, 1]),
    ("SELECT c, count(*) FROM pages_wide WHERE p = 1 GROUP BY p, c", 2, [2, 2, 0]),
    ("SELECT p, count(*) FROM pages_wide WHERE p = 1 GROUP BY p", 1, [1, 0]),
    ("SELECT c, count(*) FROM pages_wide WHERE p = 1 GROUP BY p, c PER PARTITION LIMIT 2", 2, [2]),
    ("SELECT p, count(*) FROM pages_wide WHERE v = 1 GROUP BY p", 2, [2, 2, 0]),
    ("SELECT count(*) FROM pages_wide", 1, [1]),
]


@pytest.mark.parametrize("text, size, counts", ENDS)
def test_pages_end_as_in_cassandra(filled, text, size, counts):
    assert pages(filled, text, size) == counts
    assert pages(filled, text, size, prepared=True) == counts


def test_pages_have_all_rows_once(filled):
    for text in ("SELECT p, c FROM pages_wide", "SELECT p, c FROM pages_wide WHERE v = 1"):
        whole = rows(filled, text)
        for size in (1, 2, 3, 4, 8, 16):
            got = filled.execute(SimpleStatement(text, fetch_size=size))
            assert [tuple(row) for row in got] == whole, (text, size)


def test_a_whole_key_with_markers(filled):
    """Such a read has a way of its own."""
    statement = filled.prepare("SELECT c FROM pages_wide WHERE p = ? AND c = ?")
    for size, more in ((1, True), (2, False)):
        statement.fetch_size = size
        answer = filled.execute(statement, [1, 2])
        assert [tuple(row) for row in answer.current_rows] == [(2,)]
        assert answer.has_more_pages == more
