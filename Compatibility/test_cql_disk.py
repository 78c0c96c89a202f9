# The CQL store on disks that fail: syncs that fail, disks that are full, logs that are damaged.

import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest
from cassandra import ReadFailure, WriteFailure

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from faults import cql_workers as workers  # noqa: E402
from faults import store as stores  # noqa: E402

SIMPLE = "{'class': 'SimpleStrategy', 'replication_factor': 1}"


def open_table(store):
    cluster, session = workers.connect(store.port)
    session.execute(f"CREATE KEYSPACE IF NOT EXISTS disk WITH replication = {SIMPLE}")
    session.execute("CREATE TABLE IF NOT EXISTS disk.t (k int PRIMARY KEY, v blob)")
    return cluster, session


def keys(session):
    return {row.k for row in session.execute("SELECT k FROM disk.t")}


def until_it_works(call, seconds=30):
    """Tries every 100 ms, and fails with the store's own error when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except (WriteFailure, ReadFailure):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


# Syncs


@pytest.fixture(scope="module")
def failing_sync(tmp_path_factory):
    library = tmp_path_factory.mktemp("shim") / "failing_sync.so"
    compiler = shutil.which("cc") or shutil.which("clang")
    assert compiler, "no C compiler; the Swift toolchain and scripts/setup each bring one"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library),
                    str(ROOT / "scripts/faults/failing_sync.c"), "-ldl"], check=True)
    return library


@pytest.mark.parametrize("sync", ["group", "batch"])
def test_a_failed_sync_is_not_acknowledged_and_not_forgotten(folder, failing_sync, sync, tmp_path):
    order = tmp_path / "order"
    order.write_text("0       ")
    with stores.Store(folder, sync=sync, environment={
            "LD_PRELOAD": str(failing_sync), "FAILING_SYNC": str(order)}) as store:
        cluster, session = open_table(store)
        insert = session.prepare("INSERT INTO disk.t (k, v) VALUES (?, 0x00)")
        acknowledged = set()
        for k in range(20):
            session.execute(insert, (k,))
            acknowledged.add(k)
        for round_ in range(3):
            order.write_text("1       ")
            # What was under way when the sync failed is not acknowledged, whichever of them asked for it.
            futures = {k: session.execute_async(insert, (k,)) for k in range(100 * round_ + 100, 100 * round_ + 150)}
            failed = 0
            for k, future in futures.items():
                try:
                    future.result()
                    acknowledged.add(k)
                except WriteFailure:
                    failed += 1
            assert failed > 0
            assert keys(session) >= acknowledged
            until_it_works(lambda: session.execute(insert, (1000 + round_,)))
            acknowledged.add(1000 + round_)
        assert keys(session) >= acknowledged
        store.kill()
        order.unlink()
        store.start()
        cluster.shutdown()
        cluster, session = workers.connect(store.port)
        assert keys(session) >= acknowledged
        cluster.shutdown()


# Full disks


@pytest.fixture
def small_disk(tmp_path):
    path = tmp_path / "small"
    path.mkdir()
    # The only reason to skip: a disk of its own is mounted by root alone. Root's mount must succeed.
    if os.geteuid() != 0:
        pytest.skip("a small disk can only be mounted by root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(path)], check=True)
    yield path
    subprocess.run(["umount", "-l", str(path)], check=False)


def fill(disk, leave):
    """A file that leaves so many bytes free."""
    free = os.statvfs(disk)
    rest = free.f_bavail * free.f_frsize - leave
    with open(disk / "filler", "wb") as file:
        while rest > 0:
            rest -= file.write(os.urandom(min(rest, 1 << 20)))


def write_until_it_fails(session, insert, start, acknowledged):
    """Values that do not compress, so that flushes and compactions go on meanwhile."""
    for k in range(start, start + 2000):
        try:
            session.execute(insert, (k, os.urandom(50_000)))
            acknowledged.add(k)
        except WriteFailure:
            return k
    raise AssertionError("the disk did not fill up")


@pytest.mark.parametrize("leave", [3 << 20, 20 << 20])
def test_a_disk_that_fills_up(small_disk, leave):
    """With little room the log fills it; with more, flushes and compactions do."""
    with stores.Store(small_disk / "data") as store:
        cluster, session = open_table(store)
        insert = session.prepare("INSERT INTO disk.t (k, v) VALUES (?, ?)")
        acknowledged = set()
        for k in range(100):
            session.execute(insert, (k, os.urandom(50_000)))
            acknowledged.add(k)
        fill(small_disk, leave)
        write_until_it_fails(session, insert, 1000, acknowledged)
        # Reads go on while the store tries to come back, which it does once a second: two seconds of them.
        for _ in range(10):
            assert keys(session) >= acknowledged
            time.sleep(0.2)
        os.unlink(small_disk / "filler")
        until_it_works(lambda: session.execute(insert, (5001, b"x")))
        acknowledged.add(5001)
        assert keys(session) >= acknowledged
        store.kill()
        store.start()
        cluster.shutdown()
        cluster, session = workers.connect(store.port)
        assert keys(session) >= acknowledged
        cluster.shutdown()
        store.stop()


def test_a_disk_that_is_full_at_the_start(small_disk):
    """It is said before anything is touched; with room all is there."""
    with stores.Store(small_disk / "data") as store:
        cluster, session = open_table(store)
        insert = session.prepare("INSERT INTO disk.t (k, v) VALUES (?, ?)")
        for k in range(100):
            session.execute(insert, (k, os.urandom(50_000)))
        cluster.shutdown()
        store.kill()
        fill(small_disk, 300_000)
        with pytest.raises(RuntimeError) as refused:
            store.start()
        assert "is full" in str(refused.value)
        os.unlink(small_disk / "filler")
        store.start()
        cluster, session = workers.connect(store.port)
        assert keys(session) == set(range(100))
        cluster.shutdown()
        store.stop()


# Damaged logs


def written_and_killed(folder):
    with stores.Store(folder) as store:
        cluster, session = open_table(store)
        insert = session.prepare("INSERT INTO disk.t (k, v) VALUES (?, ?)")
        for k in range(200):
            session.execute(insert, (k, b"some bytes"))
        cluster.shutdown()
        store.kill()
    logs = [path for path in folder.rglob("*.log") if path.stat().st_size > 0]
    return max(logs, key=lambda path: path.stat().st_mtime)


def test_a_torn_log_is_cut(folder):
    log = written_and_killed(folder)
    os.truncate(log, log.stat().st_size - 5)
    with stores.Store(folder) as store:
        cluster, session = workers.connect(store.port)
        assert keys(session) == set(range(199))
        cluster.shutdown()


def test_a_log_damaged_in_the_middle_is_refused(folder):
    log = written_and_killed(folder)
    whole = log.read_bytes()
    middle = len(whole) // 2
    log.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:])
    with pytest.raises(RuntimeError) as refused:
        with stores.Store(folder):
            pass
    assert "is damaged at byte" in str(refused.value)
    assert f"{log.name}" in str(refused.value) and "truncate -s" in str(refused.value)
    # Nothing was cut: with the file brought back, all is there.
    log.write_bytes(whole)
    with stores.Store(folder) as store:
        cluster, session = workers.connect(store.port)
        assert keys(session) == set(range(200))
        cluster.shutdown()
