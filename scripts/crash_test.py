"""kill -9 at random moments of a run, then resume it: each person exactly once.

Each round starts `millrace run` on a fresh data directory, kills it (and again while it resumes),
lets `millrace run --resume` finish, then counts with real clients: each person of the run exactly
once in the landing table and in the store, and once by distinct key in the topic; and every person
of the landing is in the store. Prints its seed; --seed repeats a test.

Example: scripts/crash-test --rounds 50 --users 5000
"""

import argparse
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from postgres import Postgres  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent


def make_people(path: pathlib.Path, count: int, seed: int):
    """People of our own making in the API's shape, one a line, each with an id of its own."""
    rng = random.Random(seed)
    base = [json.loads(line) for line in (ROOT / "Tests/Fixtures/people.ndjson").open(encoding="utf-8")]
    with path.open("w", encoding="utf-8") as out:
        for _ in range(count):
            person = dict(rng.choice(base))
            digits = f"{rng.getrandbits(128):032x}"
            uuid = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
            person["login"] = {**person["login"], "uuid": uuid}
            out.write(json.dumps(person, ensure_ascii=False, separators=(",", ":")) + "\n")


# Settings of the person who tests must not reach the stacks under test.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}


class Round:
    def __init__(self, options, number, rng, folder, source, landing, postgres):
        self.options, self.number, self.rng = options, number, rng
        self.data = folder / "data"
        self.postgres = postgres
        self.flags = ["--data", str(self.data)]
        if source == "file":
            people = folder / "people.ndjson"
            make_people(people, options.users, rng.getrandbits(32))
            self.flags += ["--source", f"file:{people}"]
        if landing == "postgres":
            self.flags += ["--landing", postgres.url]

    def launch(self, *extra):
        return subprocess.Popen(
            [self.options.binary, "run", *extra, *self.flags], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, env=CLEAN, cwd=self.data.parent)

    def kill_at_random(self, process, longest) -> float:
        moment = self.rng.uniform(0.02, longest)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        return moment

    def run(self, longest):
        moments = []
        process = self.launch("--users", str(self.options.users))
        moments.append(self.kill_at_random(process, longest))
        started = self.run_was_kept()
        for _ in range(self.rng.randint(0, 2)):
            moments.append(self.kill_at_random(self.launch("--resume"), longest))
        if not started:
            # The kill came before the trigger was acknowledged: nothing was promised yet.
            process = self.launch("--users", str(self.options.users))
        else:
            process = self.launch("--resume")
        _, errors = process.communicate(timeout=300)
        if process.returncode != 0:
            raise AssertionError(f"the resumed run failed with {process.returncode}:\n{errors}")
        return moments

    def run_was_kept(self) -> bool:
        path = self.data / "orchestrator.sqlite"
        if not path.exists():
            return False
        try:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                return database.execute("SELECT count(*) FROM runs").fetchone()[0] > 0
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return False
            raise

    def check(self):
        landed = self.landed()
        stack = subprocess.Popen(
            [self.options.binary, "up", "--json", *self.flags]
            + sum((["--" + s, "embedded:?port=0"] for s in ("kafka", "registry", "store", "orchestrator", "console")), [])
            + ([] if "--source" in self.flags else ["--source", "embedded:?port=0"]),
            stdout=subprocess.PIPE, text=True, env=CLEAN, cwd=self.data.parent)
        try:
            addresses = json.loads(stack.stdout.readline())["addresses"]
            stored = self.stored(urlsplit(addresses["store"]))
            keys, records = self.streamed(urlsplit(addresses["kafka"]).netloc)
        finally:
            stack.send_signal(signal.SIGINT)
            stack.wait(timeout=60)
        expected = self.options.users
        assert len(landed) == expected, f"landed {len(landed)} of {expected}"
        assert len(set(landed)) == expected, "a person was landed twice"
        assert sorted(stored) == sorted(landed), (
            f"stored {len(stored)}, missing {len(set(landed) - set(stored))}, "
            f"twice {len(stored) - len(set(stored))}")
        assert keys == set(landed), f"by key {len(keys)} in the topic, landed {expected}"
        return records - expected

    def landed(self):
        if self.postgres and "--landing" in self.flags:
            return self.postgres.query("SELECT id FROM users").split()
        with sqlite3.connect(self.data / "landing.sqlite") as database:
            return [row[0] for row in database.execute("SELECT id FROM users")]

    @staticmethod
    def stored(url):
        from cassandra.cluster import Cluster, ExecutionProfile, EXEC_PROFILE_DEFAULT
        from cassandra.policies import RoundRobinPolicy

        profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), request_timeout=60)
        cluster = Cluster([url.hostname], port=url.port, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
        try:
            rows = cluster.connect("spark_streams").execute("SELECT id FROM created_users")
            return [str(row.id) for row in rows]
        finally:
            cluster.shutdown()

    @staticmethod
    def streamed(bootstrap):
        done = subprocess.run(
            ["kcat", "-b", bootstrap, "-C", "-t", "users_created", "-o", "beginning", "-e", "-q", "-f", "%k\\n"],
            check=True, capture_output=True, text=True, timeout=120)
        keys = done.stdout.split()
        return set(keys), len(keys)


def undisturbed(options, kind) -> float:
    """How long a run takes when nobody kills it."""
    with tempfile.TemporaryDirectory(prefix="millrace-crash-") as folder:
        began = time.monotonic()
        subprocess.run(
            [options.binary, "run", "--users", str(options.users), "--data", folder + "/data"], check=True,
            stdout=subprocess.DEVNULL, env=CLEAN, cwd=folder)
        return time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--users", type=int, default=5_000)
    parser.add_argument("--binary", default=str(ROOT / ".build" / "debug" / "millrace"))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    rng = random.Random(options.seed)
    print(f"crash test: {options.rounds} rounds of {options.users} people, --seed {options.seed}", flush=True)
    kinds = [("embedded", "sqlite"), ("file", "sqlite"), ("embedded", "postgres"), ("file", "postgres")]
    resent = 0
    longest = undisturbed(options, kinds[0])
    print(f"  an undisturbed run takes {longest:.1f} s; kills fall within it", flush=True)
    for number in range(1, options.rounds + 1):
        source, landing = kinds[(number - 1) % len(kinds)]
        with tempfile.TemporaryDirectory(prefix="millrace-crash-") as folder:
            postgres = Postgres().start() if landing == "postgres" else None
            try:
                began = time.monotonic()
                round_ = Round(options, number, rng, pathlib.Path(folder), source, landing, postgres)
                moments = round_.run(longest)
                again = round_.check()
                resent += again
                killed = ", ".join(f"{moment:.2f}" for moment in moments)
                print(f"  round {number:3}: {source:8} → {landing:8} killed at {killed} s; each of "
                      f"{options.users} once; {again} sent again; {time.monotonic() - began:.0f} s", flush=True)
            finally:
                if postgres:
                    postgres.remove()
    print(f"{options.rounds} passed, 0 failed")
    print(f"crash test: acknowledged and lost 0; stored twice 0; sent again {resent}")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failure:
        print(f"crash test failed: {failure}", file=sys.stderr)
        print("0 passed, 1 failed")
        sys.exit(1)
