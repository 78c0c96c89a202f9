"""cqlsh, unmodified: errors, DESCRIBE that can be run again, COPY both ways."""

import datetime
import subprocess
import sys
import uuid
from pathlib import Path

from cql_tools import session, table, wide  # noqa: F401 (fixtures)


def cqlsh(stack, text, *options):
    host, port = stack.cql
    program = Path(sys.executable).with_name("cqlsh")
    done = subprocess.run(
        [str(program), host, str(port), *options, "-e", text],
        capture_output=True, text=True, timeout=120,
    )
    # cqlsh says on its standard output that it was built for another patch release.
    lines = [line for line in done.stdout.splitlines(True) if not line.startswith("WARNING: cqlsh")]
    return "".join(lines), done.stderr


def test_cqlsh_selects_and_shows_errors(stack, session, wide):
    out, err = cqlsh(stack, "SELECT k, c FROM compat.wide WHERE k = 3 LIMIT 2; SHOW VERSION")
    assert "(2 rows)" in out and "CQL spec 3.4.7" in out and "error" not in err.lower()
    _, err = cqlsh(stack, "SELECT nothing FROM compat.wide")
    assert "InvalidRequest" in err and "Undefined column name nothing" in err
    _, err = cqlsh(stack, "SELECTED")
    assert "SyntaxException" in err and "line 1:0" in err


def test_cqlsh_describes_what_it_can_run_again(stack, session, table):
    name = table(
        'a int, "B" text, c list<frozen<map<text, int>>>, s int static, PRIMARY KEY (a, "B")',
        "WITH CLUSTERING ORDER BY (\"B\" DESC) AND comment = 'x'",
    )
    first, err = cqlsh(stack, f"DESCRIBE TABLE compat.{name}")
    assert "CREATE TABLE" in first and not err
    session.execute(f"DROP TABLE {name}")
    cqlsh(stack, first)
    session.cluster.refresh_schema_metadata()
    second, _ = cqlsh(stack, f"DESCRIBE TABLE compat.{name}")
    assert second == first
    for text, found in [
        ("DESCRIBE KEYSPACES", "compat"), ("DESCRIBE CLUSTER", "Murmur3Partitioner"),
        ("USE compat; DESCRIBE TABLES", name), ("DESCRIBE KEYSPACE compat", "CREATE KEYSPACE compat"),
        ("DESCRIBE SCHEMA", "CREATE KEYSPACE compat"), (f"DESCRIBE compat.{name}", "CREATE TABLE"),
        ("DESCRIBE TABLE system.local", "bootstrapped"),
    ]:
        out, err = cqlsh(stack, text)
        assert found in out, (text, err)


def test_cqlsh_copies_both_ways(stack, session, table, tmp_path):
    columns = "k int PRIMARY KEY, t text, u uuid, l list<int>, d timestamp"
    source, target = table(columns), table(columns)
    insert = session.prepare(f"INSERT INTO {source} (k, t, u, l, d) VALUES (?, ?, ?, ?, ?)")
    now = datetime.datetime(2024, 5, 6, 7, 8, 9)
    for index in range(300):
        session.execute(insert, (index, f'a "quoted", {index}', uuid.uuid4(), [index, 1], now))
    path = tmp_path / "rows.csv"
    cqlsh(stack, f"COPY compat.{source} TO '{path}' WITH HEADER = true")
    assert len(path.read_text().splitlines()) == 301
    cqlsh(stack, f"COPY compat.{target} FROM '{path}' WITH HEADER = true")
    read = lambda name: {tuple(map(str, row)) for row in session.execute(f"SELECT * FROM {name}")}
    assert read(target) == read(source)
