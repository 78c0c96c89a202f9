"""Conditions beside each other: deletions in conditional batches, null and unset operands, the order of errors."""

import pytest
from cassandra import InvalidRequest
from cassandra.query import UNSET_VALUE

from cql_tools import fails, rows, session, table  # noqa: F401


def batch(*statements):
    return "BEGIN BATCH " + "; ".join(statements) + "; APPLY BATCH"


def test_a_deletion_of_a_row_wins_over_its_batch(session, table):
    name = table("k int, c int, v int, PRIMARY KEY (k, c)")
    insert = f"INSERT INTO {name} (k, c, v) VALUES (1, 1, 1)"
    delete = f"DELETE FROM {name} WHERE k = 1 AND c = 1"
    for statements in ((delete, insert + " IF NOT EXISTS"), (insert + " IF NOT EXISTS", delete)):
        assert rows(session, batch(*statements)) == [(True,)]
        assert rows(session, f"SELECT * FROM {name}") == []


@pytest.mark.parametrize("where", ["k = 1", "k = 1 AND c > 0", "k = 1 AND c >= 1 AND c < 9"])
def test_a_deletion_of_a_range_does_not(session, table, where):
    name = table("k int, c int, v int, PRIMARY KEY (k, c)")
    session.execute(f"INSERT INTO {name} (k, c, v) VALUES (1, 2, 0)")
    answer = rows(session, batch(f"DELETE FROM {name} WHERE {where}", f"INSERT INTO {name} (k, c, v) VALUES (1, 1, 1) IF NOT EXISTS"))
    assert answer == [(True,)]
    assert rows(session, f"SELECT * FROM {name}") == [(1, 1, 1)]


def test_nor_one_of_a_row_that_is_its_partition(session, table):
    name = table("k int PRIMARY KEY, v int")
    assert rows(session, batch(f"DELETE FROM {name} WHERE k = 1", f"INSERT INTO {name} (k, v) VALUES (1, 1) IF NOT EXISTS")) == [(True,)]
    assert rows(session, f"SELECT * FROM {name}") == [(1, 1)]


def test_null_and_unset_operands(session, table):
    name = table("k int PRIMARY KEY, v int, l list<text>, f frozen<list<text>>")
    session.execute(f"INSERT INTO {name} (k, v, l, f) VALUES (1, 1, ['a'], ['a'])")

    def update(condition, value):
        prepared = session.prepare(f"UPDATE {name} SET v = 2 WHERE k = 1 IF {condition}")
        return [tuple(row) for row in session.execute(prepared, [value])]

    def refused(condition, value, message):
        with pytest.raises(InvalidRequest, match=message):
            update(condition, value)

    assert update("l CONTAINS ?", UNSET_VALUE) == [(False, ["a"])]
    refused("f CONTAINS ?", UNSET_VALUE, "Invalid 'unset' value in condition")
    refused("v = ?", UNSET_VALUE, "Invalid 'unset' value in condition")
    refused("v IN ?", UNSET_VALUE, "Invalid 'unset' value in condition")
    refused("v IN ?", None, "Invalid null list in IN condition")
    refused("l CONTAINS ?", None, 'Invalid comparison with null for operator "CONTAINS"')
    assert update("v IN ?", [None, 1]) == [(True,)]


def test_conditions_are_checked_before_the_key(session, table):
    name = table("k int, c int, v text, PRIMARY KEY (k, c)")
    fails(session, f"UPDATE {name} SET v = 'x' WHERE k = 0 IF v CONTAINS 'a'", "Cannot use CONTAINS on non-collection column v")
    fails(session, f"UPDATE {name} SET nope = 1 WHERE k = 0 IF other = 1", "Undefined column name other")
    counter = table("k int PRIMARY KEY, n counter")
    fails(session, f"UPDATE {counter} SET n = n + 1 WHERE k = 1 IF n = 1", "Conditions on counters are not supported")
    fails(session, f"UPDATE {counter} SET n = n + 1 WHERE k = 1 IF EXISTS", "Conditional updates are not supported on counter tables")


def test_contains_is_no_relation_of_a_write(session, table):
    name = table("k int, c frozen<set<int>>, v int, PRIMARY KEY (k, c)")
    fails(session, f"UPDATE {name} SET v = 1 WHERE k = 1 AND c CONTAINS 1", "Cannot use UPDATE with CONTAINS")
    fails(session, f"DELETE FROM {name} WHERE k = 1 AND c CONTAINS 1", "Cannot use DELETE with CONTAINS")
    fails(session, f"UPDATE {name} SET v = 1 WHERE k CONTAINS 1 AND c = {{}}", "Cannot use UPDATE with CONTAINS")
    fails(session, f"DELETE FROM {name} WHERE k CONTAINS KEY 1", "Cannot use DELETE with CONTAINS KEY")


def test_in_on_clustering_values_that_have_several_forms(session, table):
    name = table("k int, c decimal, d text, v int, PRIMARY KEY (k, c, d)")
    session.execute(f"UPDATE {name} SET v = 1 WHERE k = 1 AND c IN (1.0, 1.00, 2.50) AND d IN ('a', 'b')")
    found = [(str(c), d, v) for c, d, v in rows(session, f"SELECT c, d, v FROM {name} WHERE k = 1")]
    assert found == [("1.0", "a", 1), ("1.0", "b", 1), ("2.50", "a", 1), ("2.50", "b", 1)]
    session.execute(f"DELETE FROM {name} WHERE k = 1 AND (c, d) IN ((1, 'a'), (2.5, 'b'))")
    assert [(str(c), d) for c, d in rows(session, f"SELECT c, d FROM {name}")] == [("1.0", "b"), ("2.50", "a")]


def test_all_clustering_values_count_for_the_length_of_a_key(session, table):
    name = table("k int, c text, d text, PRIMARY KEY (k, c, d)")
    insert = session.prepare(f"INSERT INTO {name} (k, c, d) VALUES (1, ?, ?)")
    session.execute(insert, ["c" * 65_000, "d" * 535])
    assert rows(session, f"SELECT k FROM {name}") == [(1,)]
    with pytest.raises(InvalidRequest, match="Key length of 65536 is longer than maximum of 65535"):
        session.execute(insert, ["c" * 65_000, "d" * 536])


def test_an_empty_text_in_json_is_an_empty_value(session, table):
    for kind, shown in [("int", '""'), ("bigint", '""'), ("double", '""'), ("uuid", '""'), ("decimal", '""'), ("boolean", "false")]:
        name = table(f"k int PRIMARY KEY, v {kind}")
        session.execute(f"""INSERT INTO {name} JSON '{{"k": "1", "v": ""}}'""")
        assert rows(session, f"SELECT JSON * FROM {name}") == [(f'{{"k": 1, "v": {shown}}}',)]
        fails(session, f"""INSERT INTO {name} JSON '{{"k": "", "v": ""}}'""", "Key may not be empty")
