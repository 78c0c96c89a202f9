"""The same random mutations on our store and on a Cassandra: every SELECT must give the same rows.

Mutations carry explicit timestamps that collide all the time: rows, cells, static columns, collections
and their elements, deletions of cells, rows, ranges and partitions, batches. Reads go over every page
size and both orders. Prints its seed.

Example: scripts/oracle_store.py --ours 127.0.0.1:9042 --cassandra 127.0.0.1:19042 --rounds 20
"""

import argparse
import logging
import random
import sys

from cassandra.cluster import Cluster
from cassandra.query import SimpleStatement

logging.getLogger("cassandra").setLevel(logging.CRITICAL)
KEYSPACE = "oracle_diff"
COLUMNS = {
    "a": "int", "t": "text", "b": "blob", "f": "frozen<list<int>>", "l": "list<int>", "s": "set<text>",
    "m": "map<int, text>", "d": "decimal", "u": "frozen<tuple<int, text>>", "y": "boolean", "z": "double",
}
CLUSTERINGS = [("int", "ASC", "int", "ASC"), ("int", "DESC", "text", "ASC"), ("text", "ASC", "int", "DESC"),
               ("bigint", "DESC", "text", "DESC")]


def connect(address):
    host, port = address.split(":")
    cluster = Cluster([host], port=int(port), protocol_version=4, connect_timeout=20)
    session = cluster.connect()
    session.default_timeout = 60
    return cluster, session


class Generator:
    """Statements on one table; all values come from few, so that they meet."""

    def __init__(self, rng, kinds):
        self.rng, self.kinds = rng, kinds

    def value(self, column):
        rng = self.rng
        if rng.random() < 0.15:
            return "null"
        number, word = rng.randrange(4), rng.choice(["''", "'a'", "'b'", "'zz'"])
        return {
            "a": str(number), "t": word, "b": rng.choice(["0x", "0x00", "0x0001", "0xff"]),
            "f": f"[{number}, {rng.randrange(3)}]", "l": f"[{number}, {rng.randrange(3)}]",
            "s": f"{{{word}, 'q{number}'}}", "m": f"{{{number}: {word}}}",
            "d": rng.choice(["1.0", "1.00", "-3", "0"]), "u": f"({number}, {word})",
            "y": rng.choice(["true", "false"]), "z": rng.choice(["0.0", "-0.0", "1.5"]),
            "st": str(number), "sm": f"{{{number}: {word}}}",
        }[column]

    def key(self, kind):
        return str(self.rng.randrange(4)) if kind in ("int", "bigint") else f"'k{self.rng.randrange(4)}'"

    def one(self, timestamp):
        rng = self.rng
        k, c1, c2 = rng.randrange(3), self.key(self.kinds[0]), self.key(self.kinds[2])
        row = f"k = {k} AND c1 = {c1} AND c2 = {c2}"
        using = f"USING TIMESTAMP {timestamp}"
        columns = rng.sample(sorted(COLUMNS), rng.randrange(1, 5))
        choice = rng.randrange(16)
        if choice < 4:
            names, values = ", ".join(columns), ", ".join(self.value(c) for c in columns)
            return f"INSERT INTO t (k, c1, c2, {names}) VALUES ({k}, {c1}, {c2}, {values}) {using}"
        if choice < 7:
            sets = ", ".join(f"{c} = {self.value(c)}" for c in columns)
            return f"UPDATE t {using} SET {sets} WHERE {row}"
        if choice == 7:
            change = rng.choice([
                f"m[{rng.randrange(4)}] = {self.value('t')}", f"s = s + {{'q{rng.randrange(4)}'}}",
                f"s = s - {{'q{rng.randrange(4)}'}}", f"m = m + {{{rng.randrange(4)}: 'x'}}",
                f"m = m - {{{rng.randrange(4)}}}", f"l = l + [{rng.randrange(4)}]"])
            return f"UPDATE t {using} SET {change} WHERE {row}"
        if choice == 8:
            what = rng.choice([rng.choice(columns), f"m[{rng.randrange(4)}]", f"s['q{rng.randrange(4)}']"])
            return f"DELETE {what} FROM t {using} WHERE {row}"
        if choice == 9:
            column = rng.choice(["st", "sm"])
            return f"UPDATE t {using} SET {column} = {self.value(column)} WHERE k = {k}"
        if choice == 10:
            return f"DELETE FROM t {using} WHERE {row}"
        if choice == 11:
            return f"DELETE FROM t {using} WHERE k = {k} AND c1 = {c1}"
        if choice == 12:
            bounds = rng.choice([
                f"c1 > {c1}", f"c1 >= {c1}", f"c1 < {c1}", f"c1 <= {c1}",
                f"c1 = {c1} AND c2 > {c2}", f"c1 = {c1} AND c2 <= {c2}",
                f"(c1, c2) > ({c1}, {c2})", f"(c1, c2) <= ({c1}, {c2})",
                f"c1 >= {c1} AND c1 < {self.key(self.kinds[0])}"])
            return f"DELETE FROM t {using} WHERE k = {k} AND {bounds}"
        if choice == 13 and rng.random() < 0.3:
            return f"DELETE FROM t {using} WHERE k = {k}"
        if choice == 14:
            return f"DELETE st FROM t {using} WHERE k = {k}"
        return f"INSERT INTO t (k, c1, c2) VALUES ({k}, {c1}, {c2}) {using}"

    def statement(self):
        timestamp = self.rng.randrange(1, 40)
        if self.rng.random() < 0.15:
            parts = [self.one(timestamp).replace(f"USING TIMESTAMP {timestamp}", "") for _ in range(3)]
            return f"BEGIN BATCH USING TIMESTAMP {timestamp} {'; '.join(parts)}; APPLY BATCH"
        return self.one(timestamp)

    def reads(self):
        c1, c2 = self.key(self.kinds[0]), self.key(self.kinds[2])
        for k in range(3):
            yield f"SELECT * FROM t WHERE k = {k}"
            yield f"SELECT * FROM t WHERE k = {k} ORDER BY c1 {flip(self.kinds[1])}, c2 {flip(self.kinds[3])}"
            yield f"SELECT * FROM t WHERE k = {k} AND c1 >= {c1}"
            yield f"SELECT * FROM t WHERE k = {k} AND c1 = {c1} AND c2 < {c2}"
            yield f"SELECT c1, a, writetime(a), writetime(t) FROM t WHERE k = {k} AND (c1, c2) >= ({c1}, {c2})"
        yield "SELECT DISTINCT k, st, sm FROM t"
        yield "SELECT * FROM t"
        yield "SELECT * FROM t PER PARTITION LIMIT 2"
        yield "SELECT * FROM t LIMIT 3"
        yield "SELECT count(*) FROM t"


def flip(order):
    return "DESC" if order == "ASC" else "ASC"


def rows(session, text, page):
    try:
        return [tuple(map(repr, row)) for row in session.execute(SimpleStatement(text, fetch_size=page))]
    except Exception as error:
        return type(error).__name__


def round_of(ours, theirs, rng, statements):
    kinds = rng.choice(CLUSTERINGS)
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    table = (f"CREATE TABLE t (k int, c1 {kinds[0]}, c2 {kinds[2]}, st int static, sm map<int, text> static, "
             f"{columns}, PRIMARY KEY (k, c1, c2)) WITH CLUSTERING ORDER BY (c1 {kinds[1]}, c2 {kinds[3]})")
    for session in (ours, theirs):
        session.execute("DROP TABLE IF EXISTS t")
        session.execute(table)
    generator, done, different = Generator(rng, kinds), [], 0
    for number in range(statements):
        text = generator.statement()
        done.append(text)
        outcomes = []
        for session in (ours, theirs):
            try:
                session.execute(text)
                outcomes.append("done")
            except Exception as error:
                outcomes.append(type(error).__name__)
        if outcomes[0] != outcomes[1]:
            # From here on both hold other rows: nothing more can be compared.
            print(f"{text}\n  ours {outcomes[0]}, Cassandra {outcomes[1]}")
            return different + 1
        if number % 20 == 19:
            for text in generator.reads():
                page = rng.choice([1, 2, 3, 5, 100])
                mine, real = rows(ours, text, page), rows(theirs, text, 100)
                if mine != real:
                    different += 1
                    print(f"after {number + 1} statements, pages of {page}: {text}\n  ours      {mine}\n  Cassandra {real}")
                    if different > 3:
                        print("\n".join(done))
                        return different
    return different


def compare(description, keyspace, prepare, one_round, most) -> int:
    """Runs the rounds on both stores, in a keyspace of their own that goes away; the exit code.

    `prepare(session)` makes what a round needs; `one_round(ours, theirs, rng, number, statements)` gives the number
    of its differences; beyond `most` of them it ends.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", default="127.0.0.1:9042")
    parser.add_argument("--cassandra", required=True)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--statements", type=int, default=120)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"seed {seed}", flush=True)
    rng, different, done = random.Random(seed), 0, 0
    (first, ours), (second, theirs) = connect(options.ours), connect(options.cassandra)
    for session in (ours, theirs):
        session.execute(f"DROP KEYSPACE IF EXISTS {keyspace}")
        session.execute(f"CREATE KEYSPACE {keyspace} WITH replication = "
                        "{'class': 'SimpleStrategy', 'replication_factor': 1}")
        session.set_keyspace(keyspace)
        prepare(session)
    try:
        while done < options.rounds and different <= most:
            different += one_round(ours, theirs, rng, done, options.statements)
            done += 1
    finally:
        for session in (ours, theirs):
            session.execute(f"DROP KEYSPACE {keyspace}")
        first.shutdown()
        second.shutdown()
    print(f"{done} rounds of {options.statements} statements: {different} differences")
    return 1 if different else 0


def main() -> int:
    return compare(
        __doc__, KEYSPACE, lambda session: None,
        lambda ours, theirs, rng, _, statements: round_of(ours, theirs, rng, statements), most=10)


if __name__ == "__main__":
    sys.exit(main())
