"""Rows read by their whole key: what an event loop answers from memory is what a read lane answers."""

import random

import pytest
from cassandra import InvalidRequest
from cassandra.concurrent import execute_concurrent_with_args
from conftest import start_stack
from cql_tools import opened

SEED = 20261124
KEYS, CLUSTERINGS = range(6), range(5)

# Columns of the key, the key, and how it is ordered.
TABLES = {
    "plain": ("k int, c int", "(k, c)", ""),
    "backwards": ("k int, c int", "(k, c)", "WITH CLUSTERING ORDER BY (c DESC)"),
    "pairs": ("k text, l int, c text, d int", "((k, l), c, d)", ""),
    "single": ("k int", "(k)", ""),
    "couples": ("k int, l text", "((k, l))", ""),
}


class Stepper:
    """Changes one table at random, and reads it in both ways."""

    def __init__(self, session, name, chance):
        columns, key, order = TABLES[name]
        self.session, self.name, self.chance = session, name, chance
        self.types = dict(column.split() for column in columns.split(", "))
        self.key = list(self.types)
        self.partition = [column for column in self.key if column in "kl"]
        static = " static" if self.key != self.partition else ""
        session.execute(f"CREATE TABLE {name} ({columns}, v text, s int{static}, m map<int, text>, PRIMARY KEY {key}) {order}")
        self.whole = where = self.where(self.key)
        self.at_once = session.prepare(f"SELECT * FROM {name} WHERE {where}")
        self.some = session.prepare(f"SELECT m, v FROM {name} WHERE {where}")
        # A limit is more than a point read knows.
        self.general = session.prepare(f"SELECT * FROM {name} WHERE {where} LIMIT 7")

    def value(self, column):
        number = self.chance.choice(CLUSTERINGS if column in "cd" else KEYS)
        return number if self.types[column] == "int" else f"text {number}"

    def place(self, columns):
        return tuple(self.value(column) for column in columns)

    def step(self):
        key = self.place(self.key)
        names = ", ".join(self.key)
        marks = ", ".join("?" for _ in self.key)
        kind = self.chance.choice(["insert", "insert", "insert", "null", "add", "row", "column", "partition", "range", "ttl", "static"])
        if kind == "insert":
            self.run(f"INSERT INTO {self.name} ({names}, v, s, m) VALUES ({marks}, ?, ?, ?)",
                     *key, self.text(), self.chance.randrange(9), {1: self.text()})
        elif kind == "null":
            self.run(f"UPDATE {self.name} SET v = null WHERE {self.whole}", *key)
        elif kind == "add":
            self.run(f"UPDATE {self.name} SET m[?] = ? WHERE {self.whole}", self.chance.randrange(4), self.text(), *key)
        elif kind == "row":
            self.run(f"DELETE FROM {self.name} WHERE {self.whole}", *key)
        elif kind == "column":
            self.run(f"DELETE v, m FROM {self.name} WHERE {self.whole}", *key)
        elif kind == "partition" and self.chance.random() < 0.3:
            self.run(f"DELETE FROM {self.name} WHERE {self.where(self.partition)}", *self.place(self.partition))
        elif kind == "range" and "c" in self.key:
            self.run(f"DELETE FROM {self.name} WHERE {self.where(self.partition)} AND c >= ? AND c < ?",
                     *self.place(self.partition), *sorted([self.value("c"), self.value("c")]))
        elif kind == "ttl":
            self.run(f"INSERT INTO {self.name} ({names}, v) VALUES ({marks}, ?) USING TTL 1000", *key, "goes")
        elif kind == "static" and "c" in self.key:
            self.run(f"UPDATE {self.name} SET s = ? WHERE {self.where(self.partition)}",
                     self.chance.randrange(9), *self.place(self.partition))

    def text(self):
        # Sometimes more than an event loop takes on.
        return "v" * (100_000 if self.chance.random() < 0.02 else self.chance.randrange(20))

    @staticmethod
    def where(columns):
        return " AND ".join(f"{column} = ?" for column in columns)

    def run(self, text, *values):
        self.session.execute(self.session.prepare(text), values)

    def everything(self):
        keys = [()]
        for column in self.key:
            numbers = CLUSTERINGS if column in "cd" else KEYS
            parts = [number if self.types[column] == "int" else f"text {number}" for number in numbers]
            keys = [key + (part,) for key in keys for part in parts]
        return self.chance.sample(keys, min(len(keys), 200))

    def check(self):
        keys = self.everything()
        plain = [list(got.result_or_exc) for got in execute_concurrent_with_args(self.session, self.at_once, keys)]
        general = [list(got.result_or_exc) for got in execute_concurrent_with_args(self.session, self.general, keys)]
        some = [list(got.result_or_exc) for got in execute_concurrent_with_args(self.session, self.some, keys)]
        assert plain == general, (SEED, self.name)
        assert [[(row.m, row.v) for row in rows] for rows in plain] == [[tuple(row) for row in rows] for rows in some]
        return sum(map(len, plain))


def test_both_ways_give_the_same_whatever_was_written(folder):
    stack = start_stack("--only", "store", data=folder)
    cluster, session = opened(stack, "points")
    chance = random.Random(SEED)
    steppers = [Stepper(session, name, chance) for name in TABLES]
    found = 0
    for round_ in range(4):
        for stepper in steppers:
            for _ in range(120):
                stepper.step()
            found += stepper.check()
        session.execute("INSERT INTO system_views.compaction_requests (keyspace_name, table_name) VALUES ('points', '')")
        found += sum(stepper.check() for stepper in steppers)
    assert found > 500
    before = [sorted(map(repr, session.execute(f"SELECT * FROM {name}"))) for name in TABLES]
    cluster.shutdown()
    stack.kill()
    # Nothing is in memory now.
    stack = start_stack("--only", "store", data=folder)
    cluster, session = opened(stack, "points")
    for stepper, rows in zip(steppers, before):
        stepper.session = session
        for name in ("at_once", "some", "general"):
            setattr(stepper, name, session.prepare(getattr(stepper, name).query_string))
        stepper.check()
        assert sorted(map(repr, session.execute(f"SELECT * FROM {stepper.name}"))) == rows
    cluster.shutdown()
    assert stack.stop() == 0


def test_values_that_are_wrong_get_the_same_errors(stack):
    cluster, session = opened(stack, "points")
    session.execute("CREATE TABLE IF NOT EXISTS wrong (k text, c int, v int, PRIMARY KEY (k, c))")
    select = session.prepare("SELECT v FROM wrong WHERE k = ? AND c = ?")
    for values, says in ((("", 1), "Key may not be empty"), ((None, 1), "Invalid null value"),
                         (("k", None), "Invalid null value"), (("k" * 70_000, 1), "longer than maximum")):
        with pytest.raises(InvalidRequest, match=says):
            session.execute(select, values)
    assert list(session.execute(select, ("k", 1))) == []
    session.execute("DROP TABLE wrong")
    with pytest.raises(InvalidRequest):
        session.execute(select, ("k", 1))
    cluster.shutdown()
