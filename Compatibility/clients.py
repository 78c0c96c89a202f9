"""What the end-to-end tests ask real clients for: the command line, counts, records, rows."""

import json
import pathlib
import random
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import RoundRobinPolicy
from confluent_kafka import Consumer, TopicPartition
from conftest import BINARY, ROOT, environment

sys.path.insert(0, str(ROOT / "scripts"))

FIXTURES = ROOT / "Tests" / "Fixtures"
SHARED = ROOT.parent / "shared" / "data"
TOPIC = "users_created"
DEAD_LETTERS = "users_created.dlq"
DAG = "user_automation"
# A deadline for what should take a moment; nothing is measured by it.
PATIENCE_SECONDS = 60
STAGES = ("source", "kafka", "registry", "store", "orchestrator", "console")


def millrace(*arguments, env=None, timeout=PATIENCE_SECONDS, cwd=None) -> subprocess.CompletedProcess:
    """One command to its end, as a person types it."""
    return subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, cwd=cwd,
        env=environment(env))


def succeed(*arguments, **options) -> str:
    """Standard output of a command that must exit with 0."""
    ended = millrace(*arguments, **options)
    assert ended.returncode == 0, f"{arguments}: exit code {ended.returncode}\n{ended.stdout}{ended.stderr}"
    assert "Fatal error" not in ended.stderr
    return ended.stdout


def answer(*arguments, **options):
    """The JSON that a command prints."""
    return json.loads(succeed(*arguments, "--json", **options))


def refuse(*arguments, says=(), code=1, **options) -> str:
    """Standard error of a command that must fail as the house demands: what, where, what to try."""
    ended = millrace(*arguments, **options)
    assert ended.returncode == code, f"{arguments}: exit code {ended.returncode}\n{ended.stdout}{ended.stderr}"
    for word in (*says, "at:", "try:"):
        assert word in ended.stderr, f"{word!r} is missing in: {ended.stderr}"
    assert "Fatal error" not in ended.stderr
    return ended.stderr


def launch(*arguments, env=None, **options) -> subprocess.Popen:
    """A command that goes on while the test does something to it."""
    return subprocess.Popen(
        [BINARY, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(env), **options)


def end(process: subprocess.Popen, timeout=120) -> tuple:
    """Exit code, standard output and standard error of a launched command."""
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        raise AssertionError(f"it did not end within {timeout} s:\n{output}{errors}") from None
    return process.returncode, output, errors


def until(check, what: str, seconds=PATIENCE_SECONDS):
    """Polls until `check` gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"it never came to this: {what}"
        time.sleep(0.02)


@contextmanager
def cql(address: tuple):
    """A session of cassandra-driver."""
    profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), request_timeout=30)
    cluster = Cluster([address[0]], port=address[1], execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    try:
        yield cluster.connect()
    finally:
        cluster.shutdown()


def stored(address: tuple) -> dict:
    """Rows of created_users by id, read by cassandra-driver. A row twice is an error."""
    with cql(address) as session:
        rows = list(session.execute("SELECT * FROM spark_streams.created_users"))
    found = {str(row.id): row for row in rows}
    assert len(found) == len(rows), "a person is stored twice"
    return found


def landed(path) -> list:
    """Ids in a SQLite landing."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return [row[0] for row in database.execute("SELECT id FROM users")]


def records(bootstrap: str, topic: str) -> list:
    """Every record of a topic, read by librdkafka from each partition's start to its end."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": uuid.uuid4().hex})
    try:
        partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        ends = {}
        for number in partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=20)
            if high > low:
                ends[number] = high
        consumer.assign([TopicPartition(topic, number, 0) for number in ends])
        found = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while ends:
            assert time.monotonic() < deadline, f"the end of {topic} is not reached: {ends}"
            for message in consumer.consume(num_messages=1000, timeout=0.2):
                assert message.error() is None, message.error()
                found.append(message)
                if message.offset() + 1 >= ends.get(message.partition(), 0):
                    ends.pop(message.partition(), None)
        return found
    finally:
        consumer.close()


def keys(bootstrap: str, topic=TOPIC) -> list:
    """Keys of all records, read by kcat."""
    done = subprocess.run(
        ["kcat", "-b", bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%k\\n"],
        check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    return done.stdout.split()


def produce(bootstrap: str, topic: str, key: str, value: bytes, *flags):
    """One record, sent by kcat."""
    subprocess.run(
        ["kcat", "-b", bootstrap, "-P", "-t", topic, "-k", key, "-p", "0", *flags],
        input=value, check=True, capture_output=True, timeout=PATIENCE_SECONDS)


def make_people(path: pathlib.Path, count: int, seed=7) -> set:
    """People of our own making in the API's shape, one a line. Returns their ids."""
    rng = random.Random(seed)
    base = [json.loads(line) for line in (FIXTURES / "people.ndjson").open(encoding="utf-8")]
    ids = set()
    with path.open("w", encoding="utf-8") as out:
        for _ in range(count):
            person = dict(rng.choice(base))
            person["login"] = {**person["login"], "uuid": str(uuid.UUID(int=rng.getrandbits(128), version=4))}
            ids.add(person["login"]["uuid"])
            out.write(json.dumps(person, ensure_ascii=False, separators=(",", ":")) + "\n")
    return ids


def everywhere_once(stack, people: set | None = None, landing_ids: list | None = None):
    """Each person exactly once in the landing and in the store, and once by key in the topic."""
    ids = landed(pathlib.Path(stack.data) / "landing.sqlite") if landing_ids is None else landing_ids
    assert len(ids) == len(set(ids)), "a person is landed twice"
    if people is not None:
        assert set(ids) == people
    assert set(stored(stack.cql)) == set(ids)
    assert set(keys(stack.kafka)) == set(ids)
    return set(ids)
