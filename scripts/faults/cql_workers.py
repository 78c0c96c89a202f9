"""Clients of a store that is killed under them: each remembers what it was told."""

import random
import threading
import time

from cassandra import InvalidRequest
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import (
    ConstantReconnectionPolicy, FallthroughRetryPolicy, WhiteListRoundRobinPolicy)
from cassandra.query import BatchStatement, BatchType

KEYSPACE = "crash"
TTL_SECONDS = 2
TABLES = [
    "plain (id text PRIMARY KEY, worker int, number int, text text)",
    "cas (k int PRIMARY KEY, v int)",
    "numbers (k int PRIMARY KEY, n counter)",
    "first (k text PRIMARY KEY, v int)",
    "second (k int, c text, v int, PRIMARY KEY (k, c))",
    "short (k int, c text, v int, PRIMARY KEY (k, c)) WITH gc_grace_seconds = 0",
    "gone (k int, c int, v int, PRIMARY KEY (k, c)) WITH gc_grace_seconds = 0",
    "indexed (id text PRIMARY KEY, v int, w int)",
]


def connect(port: int, seconds=30.0):
    """A cluster and its session, whose statements are never repeated by the driver."""
    profile = ExecutionProfile(
        load_balancing_policy=WhiteListRoundRobinPolicy(["127.0.0.1"]),
        retry_policy=FallthroughRetryPolicy(), request_timeout=5)
    deadline = time.monotonic() + seconds
    while True:
        cluster = Cluster(
            ["127.0.0.1"], port=port, protocol_version=4, connect_timeout=2,
            execution_profiles={EXEC_PROFILE_DEFAULT: profile},
            reconnection_policy=ConstantReconnectionPolicy(0.05, max_attempts=None))
        try:
            return cluster, cluster.connect()
        except Exception:
            cluster.shutdown()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def make_schema(session) -> bool:
    """Whether the store has secondary indexes."""
    session.execute(f"CREATE KEYSPACE {KEYSPACE} WITH replication = "
                    "{'class': 'SimpleStrategy', 'replication_factor': 1}")
    for table in TABLES:
        session.execute(f"CREATE TABLE {KEYSPACE}.{table}")
    session.execute(f"INSERT INTO {KEYSPACE}.cas (k, v) VALUES (0, 0)")
    try:
        session.execute(f"CREATE INDEX indexed_v ON {KEYSPACE}.indexed (v)")
    except InvalidRequest:
        return False
    return True


class Worker(threading.Thread):
    """Works until it is stopped. What failed is unknown: it may have been done or not."""

    def __init__(self, name, session, seed):
        super().__init__(name=name, daemon=True)
        self.session = session
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.error = None
        self.acknowledged = 0
        self.unknown = 0

    def run(self):
        try:
            self.prepare()
            while not self.stopping.is_set():
                self.step()
        except Exception as error:  # judged by the main thread
            self.error = error

    def prepare(self):
        """Statements; tried until the store answers."""
        self.statements = {
            name: self.patient(lambda text=text: self.session.prepare(text))
            for name, text in self.TEXTS.items()}

    def patient(self, call):
        while True:
            try:
                return call()
            except (InvalidRequest, AttributeError, TypeError):
                raise
            except Exception:
                if self.stopping.is_set():
                    raise
                time.sleep(0.02)

    def attempt(self, statement, values=()):
        """The result, or None when nobody knows what became of it."""
        try:
            found = self.session.execute(statement, values)
        except (InvalidRequest, AttributeError, TypeError):
            raise
        except Exception:
            self.unknown += 1
            time.sleep(0.02)
            return None
        self.acknowledged += 1
        return found


class InsertWorker(Worker):
    """Rows with ids of their own, many under way at once."""
    TEXTS = {"insert": f"INSERT INTO {KEYSPACE}.plain (id, worker, number, text) VALUES (?, ?, ?, ?)"}

    def __init__(self, number, session, seed):
        super().__init__(f"insert{number}", session, seed)
        self.number, self.next, self.ids = number, 0, set()
        self.tried = 0

    def step(self):
        futures = []
        for _ in range(self.random.randrange(1, 64)):
            identity = f"{self.number}-{self.next}"
            values = (identity, self.number, self.next, "x" * self.random.randrange(300))
            futures.append((identity, self.session.execute_async(self.statements["insert"], values)))
            self.next += 1
        self.tried = self.next
        for identity, future in futures:
            try:
                future.result()
            except Exception:
                self.unknown += 1
                time.sleep(0.005)
            else:
                self.acknowledged += 1
                self.ids.add(identity)

    def judge(self, session):
        found = {row.id: row.number for row in session.execute(
            f"SELECT id, number FROM {KEYSPACE}.plain") if row.id.startswith(f"{self.number}-")}
        lost = self.ids - set(found)
        strange = [i for i, n in found.items() if n >= self.tried or i != f"{self.number}-{n}"]
        return [f"{self.name}: {len(lost)} acknowledged rows lost: {sorted(lost)[:3]}"] * bool(lost) + \
            [f"{self.name}: rows that nobody wrote: {strange[:3]}"] * bool(strange)


class CompareAndSetWorker(Worker):
    """Raises one number by IF v = the one read before."""
    TEXTS = {"read": f"SELECT v FROM {KEYSPACE}.cas WHERE k = 0",
             "set": f"UPDATE {KEYSPACE}.cas SET v = ? WHERE k = 0 IF v = ?"}

    def __init__(self, number, session, seed):
        super().__init__(f"cas{number}", session, seed)
        self.applied, self.doubtful = 0, 0

    def step(self):
        found = self.attempt(self.statements["read"])
        if found is None:
            return
        before = found.one().v
        done = self.attempt(self.statements["set"], (before + 1, before))
        if done is None:
            self.doubtful += 1
        elif done.one().applied:
            self.applied += 1


def judge_compare_and_set(workers, session):
    value = session.execute(f"SELECT v FROM {KEYSPACE}.cas WHERE k = 0").one().v
    applied, doubtful = sum(w.applied for w in workers), sum(w.doubtful for w in workers)
    if applied <= value <= applied + doubtful:
        return []
    return [f"compare and set: {value} is not in {applied}…{applied + doubtful}"]


class CounterWorker(Worker):
    TEXTS = {"add": f"UPDATE {KEYSPACE}.numbers SET n = n + ? WHERE k = ?"}

    def __init__(self, number, session, seed):
        super().__init__(f"counter{number}", session, seed)
        self.sums, self.doubtful = {}, {}

    def step(self):
        key, by = self.random.randrange(4), self.random.randrange(1, 5)
        known = self.attempt(self.statements["add"], (by, key)) is not None
        sums = self.sums if known else self.doubtful
        sums[key] = sums.get(key, 0) + by


def judge_counters(workers, session):
    complaints = []
    for row in session.execute(f"SELECT k, n FROM {KEYSPACE}.numbers"):
        low = sum(w.sums.get(row.k, 0) for w in workers)
        high = low + sum(w.doubtful.get(row.k, 0) for w in workers)
        if not low <= row.n <= high:
            complaints.append(f"counter {row.k}: {row.n} is not in {low}…{high}")
    return complaints


class BatchWorker(Worker):
    """Logged batches over partitions and tables: all of one or nothing."""
    TEXTS = {"first": f"INSERT INTO {KEYSPACE}.first (k, v) VALUES (?, ?)",
             "second": f"INSERT INTO {KEYSPACE}.second (k, c, v) VALUES (?, ?, ?)"}
    PARTS = 3

    def __init__(self, number, session, seed):
        super().__init__(f"batch{number}", session, seed)
        self.number, self.next, self.ids = number, 0, set()

    def step(self):
        identity = f"{self.number}-{self.next}"
        self.next += 1
        batch = BatchStatement(batch_type=BatchType.LOGGED)
        for part in range(self.PARTS):
            batch.add(self.statements["first"], (f"{identity}/{part}", part))
            batch.add(self.statements["second"], (part, identity, part))
        if self.attempt(batch) is not None:
            self.ids.add(identity)

    def judge(self, session):
        seen = {}
        for row in session.execute(f"SELECT k FROM {KEYSPACE}.first"):
            seen[row.k.split("/")[0]] = seen.get(row.k.split("/")[0], 0) + 1
        for row in session.execute(f"SELECT c FROM {KEYSPACE}.second"):
            seen[row.c] = seen.get(row.c, 0) + 1
        own = {i: n for i, n in seen.items() if i.startswith(f"{self.number}-")}
        torn = [i for i, n in own.items() if n != 2 * self.PARTS]
        lost = self.ids - set(own)
        return [f"{self.name}: batches in part: {torn[:3]}"] * bool(torn) + \
            [f"{self.name}: {len(lost)} acknowledged batches lost"] * bool(lost)


class VanishingWorker(Worker):
    """Rows that expire, and rows that are deleted one by one and by ranges: none comes back."""
    TEXTS = {"short": f"INSERT INTO {KEYSPACE}.short (k, c, v) VALUES (?, ?, 1) USING TTL {TTL_SECONDS}",
             "insert": f"INSERT INTO {KEYSPACE}.gone (k, c, v) VALUES (?, ?, 1)",
             "delete": f"DELETE FROM {KEYSPACE}.gone WHERE k = ? AND c = ?",
             "range": f"DELETE FROM {KEYSPACE}.gone WHERE k = ? AND c >= ? AND c < ?",
             "see": f"SELECT c FROM {KEYSPACE}.short WHERE k = ?",
             "gone": f"SELECT c FROM {KEYSPACE}.gone WHERE k = ?"}

    def __init__(self, number, session, seed):
        super().__init__(f"vanishing{number}", session, seed)
        self.number, self.next = number, 0
        self.expires, self.deleted, self.complaints = {}, set(), []

    def step(self):
        text = f"{self.next:09}"
        self.expires[text] = time.time() + TTL_SECONDS + 6.5
        self.attempt(self.statements["short"], (self.number, text))
        # Its outcome may be told late: it must be gone a while after it was tried.
        start = self.next * 10
        for c in range(start, start + 10):
            self.attempt(self.statements["insert"], (self.number, c))
        if self.attempt(self.statements["delete"], (self.number, start)) is not None:
            self.deleted.add(start)
        if self.attempt(self.statements["range"], (self.number, start + 5, start + 10)) is not None:
            self.deleted.update(range(start + 5, start + 10))
        self.next += 1
        if self.next % 20 == 0:
            self.look(self.session)

    def look(self, session):
        now = time.time()
        try:
            short = [row.c for row in session.execute(self.statements["see"], (self.number,))]
            gone = {row.c for row in session.execute(self.statements["gone"], (self.number,))}
        except Exception:
            return False
        late = [c for c in short if self.expires[c] < now]
        if late:
            self.complaints.append(f"{self.name}: expired rows are back: {late[:3]}")
        back = self.deleted & gone
        if back:
            self.complaints.append(f"{self.name}: deleted rows are back: {sorted(back)[:3]}")
        return True

    def judge(self, session):
        time.sleep(TTL_SECONDS + 1)
        if not self.look(session):
            self.complaints.append(f"{self.name}: could not be read at the end")
        return self.complaints


class IndexWorker(Worker):
    """The same value in an indexed column and in a plain one."""
    TEXTS = {"set": f"INSERT INTO {KEYSPACE}.indexed (id, v, w) VALUES (?, ?, ?)",
             "delete": f"DELETE FROM {KEYSPACE}.indexed WHERE id = ?"}

    def step(self):
        identity = f"{self.name}-{self.random.randrange(500)}"
        if self.random.randrange(6) == 0:
            self.attempt(self.statements["delete"], (identity,))
        else:
            value = self.random.randrange(20)
            self.attempt(self.statements["set"], (identity, value, value))

    def judge(self, session):
        complaints = []
        for value in range(20):
            by_index = {row.id for row in session.execute(
                f"SELECT id FROM {KEYSPACE}.indexed WHERE v = {value}")}
            by_scan = {row.id for row in session.execute(
                f"SELECT id FROM {KEYSPACE}.indexed WHERE w = {value} ALLOW FILTERING")}
            if by_index != by_scan:
                complaints.append(f"index: {value} gives {len(by_index)} rows, a scan {len(by_scan)}")
        return complaints
