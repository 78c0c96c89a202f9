"""A session of cassandra-driver with a keyspace of its own, and tables that go away after a test."""

import contextlib
import uuid

import pytest
from cassandra import InvalidRequest
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import DCAwareRoundRobinPolicy, RoundRobinPolicy, TokenAwarePolicy
from cassandra.query import BoundStatement, named_tuple_factory, tuple_factory

SIMPLE = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
GUARDED = "embedded:?port=0&authenticator=PasswordAuthenticator&authorizer=CassandraAuthorizer"


def connect(stack, **options):
    host, port = stack.cql
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc="datacenter1")),
        request_timeout=60,
    )
    return Cluster(
        [host], port=port, execution_profiles={EXEC_PROFILE_DEFAULT: profile}, **options
    )


def opened(stack, keyspace):
    """A cluster and its session in that keyspace, which is made when it is not there."""
    cluster = connect(stack, protocol_version=5)
    session = cluster.connect()
    session.execute(f"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {SIMPLE}")
    session.set_keyspace(keyspace)
    return cluster, session


def name(prefix):
    return prefix + uuid.uuid4().hex[:10]


@contextlib.contextmanager
def logged_in(stack, user=None, password=None, **options):
    host, port = stack.cql
    provider = PlainTextAuthProvider(user, password) if user else None
    cluster = Cluster(
        [host], port=port, auth_provider=provider, protocol_version=options.pop("version", 4),
        load_balancing_policy=RoundRobinPolicy(), **options,
    )
    try:
        yield cluster.connect()
    finally:
        cluster.shutdown()


@contextlib.contextmanager
def keyspace(stack, name, tuples=False, version=5):
    """A session in a new keyspace of that name, which goes away with it; its rows have names unless `tuples`."""
    host, port = stack.cql
    profile = ExecutionProfile(
        load_balancing_policy=RoundRobinPolicy(), row_factory=tuple_factory if tuples else named_tuple_factory)
    cluster = Cluster(
        [host], port=port, protocol_version=version, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    session = cluster.connect()
    session.execute(f"DROP KEYSPACE IF EXISTS {name}")
    session.execute(f"CREATE KEYSPACE {name} WITH replication = {SIMPLE}")
    session.set_keyspace(name)
    yield session
    session.execute(f"DROP KEYSPACE {name}")
    cluster.shutdown()


def bound(session, statement, *values):
    """Executes it with these bytes as they are, whatever the types of its markers."""
    prepared = BoundStatement(session.prepare(statement))
    prepared.values = list(values)
    return session.execute(prepared)


def rows(session, text, *values):
    return [tuple(row) for row in session.execute(text, values or None)]


def fails(session, text, *parts, kind=InvalidRequest):
    """The statement fails with that class, and its message has all the parts."""
    with pytest.raises(kind) as caught:
        session.execute(text)
    for part in parts:
        assert part in str(caught.value), caught.value


@pytest.fixture(scope="module")
def session(stack):
    cluster = connect(stack, protocol_version=5)
    session = cluster.connect()
    session.execute("DROP KEYSPACE IF EXISTS compat")
    session.execute(f"CREATE KEYSPACE compat WITH replication = {SIMPLE}")
    session.set_keyspace("compat")
    yield session
    cluster.shutdown()


@pytest.fixture
def table(session):
    """Makes a table of its own for a test: table("k int PRIMARY KEY, v int")."""
    made = []

    def make(columns, options=""):
        name = f"t{uuid.uuid4().hex[:12]}"
        session.execute(f"CREATE TABLE {name} ({columns}) {options}")
        made.append(name)
        return name

    yield make
    for name in made:
        session.execute(f"DROP TABLE IF EXISTS {name}")


@pytest.fixture(scope="module")
def wide(session):
    session.execute("DROP TABLE IF EXISTS wide")
    session.execute("CREATE TABLE wide (k int, c int, v int, s text static, PRIMARY KEY (k, c))")
    insert = session.prepare("INSERT INTO wide (k, c, v) VALUES (?, ?, ?)")
    execute_concurrent_with_args(
        session, insert, [(k, c, k * 1000 + c) for k in range(7) for c in range(40)]
    )
    session.execute("INSERT INTO wide (k, s) VALUES (100, 'alone')")
    return "wide"
