"""When a SELECT by storage-attached indexes needs ALLOW FILTERING, and what indexes may be called."""

from itertools import combinations

import pytest
from cassandra.protocol import ConfigurationException
from cql_tools import fails, keyspace, rows, table  # noqa: F401 (`table` is a fixture)

FILTERING = "ALLOW FILTERING"


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "index_rules") as session:
        yield session


def check(session, name, where, needs):
    text = f"SELECT * FROM {name} WHERE {where}"
    if needs:
        fails(session, text, FILTERING)
    else:
        session.execute(text)
    session.execute(text + " ALLOW FILTERING")


WHOLE = "k1 = 0 AND k2 = 0"
KEY = "k1 int, k2 int, c1 int, c2 int, c3 int, v1 int, v2 int, v3 int"


@pytest.mark.parametrize(
    "indexed, where, needs",
    [
        (["c1"], "c1 = 0", False),
        (["c1"], "c1 > 0 AND c1 < 1", False),
        (["c1"], "c1 = 0 AND c3 = 0", True),
        (["c1"], "c1 = 0 AND k1 = 0", True),
        (["c1"], "c1 = 0 AND token(k1, k2) > token(0, 0)", False),
        (["c1"], f"c1 = 0 AND {WHOLE} AND c2 = 0 AND c3 > 0", False),
        (["c1"], f"c1 = 0 AND {WHOLE} AND c3 = 0", True),
        (["c1"], f"{WHOLE} AND (c1, c2, c3) = (0, 0, 0)", False),
        (["c1"], f"{WHOLE} AND (c1, c2, c3) = (0, 0, 0) AND v1 = 0", True),
        (["c2"], f"c2 = 0 AND {WHOLE}", False),
        (["c2"], f"c2 = 0 AND {WHOLE} AND c3 = 0", True),
        (["c2"], f"c2 = 0 AND {WHOLE} AND c1 = 0 AND c3 = 0", False),
        (["c2", "c3"], "c2 > 0 AND c3 > 0", False),
        (["c2", "c3"], f"c2 = 0 AND c3 = 0 AND {WHOLE} AND v1 = 0", True),
        (["v1"], f"v1 = 0 AND {WHOLE}", False),
        (["v1"], f"v1 = 0 AND {WHOLE} AND c1 = 0", False),
        (["v1"], f"v1 = 0 AND {WHOLE} AND c2 = 0", True),
        (["v1"], f"v1 = 0 AND {WHOLE} AND (c1, c2) = (0, 0)", False),
        (["v1", "v2"], "v1 > 0 AND v1 < 1 AND v2 = 0", False),
        (["v1", "v2"], "v1 = 0 AND v2 = 0 AND v3 = 0", True),
        (["v1", "v2"], "v1 IN (0, 1) AND v2 = 0", True),
        (["v1", "c2"], f"v1 = 0 AND c2 = 0 AND {WHOLE}", False),
    ],
)
def test_filtering(session, table, indexed, where, needs):
    name = table(KEY + ", PRIMARY KEY ((k1, k2), c1, c2, c3)")
    for column in indexed:
        session.execute(f"CREATE INDEX ON {name} ({column}) USING 'sai'")
    check(session, name, where, needs)


def test_filtering_beside_legacy_indexes(session, table):
    """Storage-attached indexes answer together; each of the others stands alone."""
    name = table("k1 int, k2 int, s1 int static, c1 int, c2 int, r1 int, r2 int, r3 int, "
                 "PRIMARY KEY ((k1, k2), c1, c2)")
    for column in ("k1", "c2", "r3", "s1"):
        session.execute(f"CREATE INDEX ON {name} ({column})")
    attached = ["c1 = 0", "r1 = 0", "r2 = 0"]
    for column in ("c1", "r1", "r2"):
        session.execute(f"CREATE INDEX ON {name} ({column}) USING 'sai'")
    for count in (1, 2, 3):
        for some in combinations(attached, count):
            check(session, name, " AND ".join(some), False)
            for legacy in ("k1 = 0", "c2 = 0", "r3 = 0", "s1 = 0"):
                check(session, name, " AND ".join((legacy,) + some), True)
    for legacy in ("k1 = 0", "c2 = 0", "r3 = 0", "s1 = 0"):
        check(session, name, legacy, False)


def test_long_names(session, table):
    name = table("k int PRIMARY KEY, v int")
    long = "i" * 240
    session.execute(f"CREATE INDEX {long} ON {name} (v)")
    session.execute("INSERT INTO " + name + " (k, v) VALUES (1, 2)")
    assert rows(session, f"SELECT k FROM {name} WHERE v = 2") == [(1,)]
    session.execute(f"DROP INDEX {long}")
    fails(session, f"CREATE INDEX {'i' * 500} ON {name} (v)", kind=ConfigurationException)
