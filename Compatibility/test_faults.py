"""What goes wrong from outside while a run is under way: nothing acknowledged is lost."""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import requests
from clients import (
    answer, end, everywhere_once, landed, launch, make_people, millrace, refuse, stored, succeed, until,
)
from conftest import start_stack


def stack_file(data: pathlib.Path) -> dict | None:
    try:
        return json.loads((data / "stack.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def ask(data: pathlib.Path, path: str):
    """An answer of the console of the stack that is up on `data`; `None` while there is none."""
    file = stack_file(data)
    if not file:
        return None
    try:
        return requests.get(file["addresses"]["console"] + path, timeout=10).json()
    except requests.RequestException:
        return None


def wait_for(data, process, stage: str, count: int, may_end=False):
    """Waits until so many people passed a stage of the running run, or (when it may) it ended."""

    def reached():
        if process.poll() is not None:
            assert may_end, f"the run ended before: {process.communicate()}"
            return True
        progress = ask(data, "/api/progress")
        return progress and progress["stages"][stage]["count"] >= count

    until(reached, f"{count} people are {stage}")


def check_everywhere(data, expected: int, *flags, landing_ids=None):
    """Starts a stack on the data directory and counts with real clients."""
    stack = start_stack(*flags, data=data)
    try:
        assert len(everywhere_once(stack, landing_ids=landing_ids)) == expected
    finally:
        assert stack.stop() == 0


def finished(process, users: int) -> dict:
    code, output, errors = end(process)
    assert code == 0, f"exit code {code}\n{output}{errors}"
    assert "Fatal error" not in errors
    run = json.loads(output)
    assert run["state"] == "success" and run["confirmed"] == users
    return run


class FaultySource:
    """randomuser's contract by way of the embedded one, with some answers spoilt."""

    def __init__(self, upstream: str):
        self.upstream = upstream.rstrip("/")
        self.faults = []
        self.calls = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.calls += 1
                fault = outer.faults.pop(0) if outer.faults else None
                if fault:
                    return fault(self)
                query = urlsplit(self.path).query
                with urllib.request.urlopen(f"{outer.upstream}/?{query}", timeout=30) as upstream:
                    self.reply(200, upstream.read())

            def reply(self, status, body, length=None, **headers):
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body) if length is None else length))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/api/"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def half_a_body(handler):
    handler.reply(200, b'{"results":[{"gender":"female","name":{"ti', length=5_000)
    handler.close_connection = True


def hang_up(handler):
    handler.close_connection = True
    handler.connection.close()


FAULTS = {
    "500": lambda h: h.reply(500, b"internal error"),
    "503 as JSON": lambda h: h.reply(503, b'{"error":"overloaded"}'),
    "429 with Retry-After": lambda h: h.reply(429, b'{"error":"slow down"}', retry_after="1"),
    "an error with 200": lambda h: h.reply(200, b'{"error":"Uh oh, something has gone wrong."}'),
    "garbage": lambda h: h.reply(200, b"<html>\x00\xff not JSON"),
    "half a body": half_a_body,
    "no answer": hang_up,
}


@pytest.fixture(scope="module")
def upstream():
    stack = start_stack("--only", "source")
    yield stack.source
    assert stack.stop() == 0


@pytest.fixture
def source(upstream):
    server = FaultySource(upstream)
    yield server
    server.close()


class TestSource:
    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_that_passes_costs_nothing(self, folder, source, fault):
        source.faults = [FAULTS[fault]] * 2
        process = launch("run", "--users", 25, "--json", "--data", folder / "data", env={"MILLRACE_SOURCE": source.url})
        run = finished(process, 25)
        assert source.calls == 3 and run["rejected"] == {}
        assert len(set(landed(folder / "data" / "landing.sqlite"))) == 25

    def test_faults_between_pages_repeat_no_page(self, folder, source):
        source.faults = [None, FAULTS["500"], FAULTS["half a body"], None, FAULTS["garbage"]]
        flags = ["--data", folder / "data", "--source", source.url]
        finished(launch("run", "--users", 2_500, "--json", *flags), 2_500)
        assert source.calls == 6
        check_everywhere(folder / "data", 2_500)

    def test_a_refusal_that_stays_is_told(self, folder, source):
        source.faults = [lambda h: h.reply(404, b"no such thing")] * 100
        flags = ["--data", folder / "data", "--source", source.url]
        errors = refuse("run", "--users", 5, "--json", *flags, says=["404", "tasks logs", source.url])
        assert "fetch_users" in errors

    def test_nobody_there_is_told_at_once(self, folder):
        began = time.monotonic()
        refuse("run", "--data", folder / "data", "--source", "http://127.0.0.1:1/api/", says=["--source", "refused"])
        assert time.monotonic() - began < 20, "it should not try for minutes"


def engine(name: str, data: pathlib.Path, port=0):
    """One engine on its own, as if it were somebody else's server."""
    return start_stack("--only", name, f"--{name}", f"embedded:?port={port}", data=data)


class TestServersThatGoAway:
    @pytest.mark.parametrize("stage, scheme", [("store", "cassandra"), ("kafka", "kafka")])
    def test_killed_in_mid_run_and_back_again(self, folder, stage, scheme):
        users = 4_000
        server = engine(stage, folder / stage)
        port = urlsplit(server.addresses[stage]).port
        flags = [f"--{stage}", f"{scheme}://127.0.0.1:{port}"]
        data = folder / "data"
        try:
            process = launch("run", "--users", users, "--json", "--data", data, *flags)
            try:
                wait_for(data, process, "fetched", 1)
                server.kill()
                until(lambda: self.waits(data, process), "the stack says that it waits")
                server = engine(stage, folder / stage, port)
                finished(process, users)
            finally:
                process.kill()
            check_everywhere(data, users, *flags)
        finally:
            assert server.stop() == 0

    @staticmethod
    def waits(data, process):
        assert process.poll() is None, f"it did not wait: {process.communicate()}"
        queries = ask(data, "/api/queries")
        return queries and queries[0]["state"] == "retrying"

    def test_postgresql_restarted_in_mid_run(self, folder):
        postgres_module = pytest.importorskip("postgres")
        users = 4_000
        data = folder / "data"
        with postgres_module.Postgres() as postgres:
            flags = ["--landing", postgres.url]
            process = launch("run", "--users", users, "--json", "--data", data, *flags)
            try:
                wait_for(data, process, "fetched", 1)
                postgres.stop(signal.SIGQUIT)
                assert process.poll() is None
                postgres.start()
                finished(process, users)
            finally:
                process.kill()
            check_everywhere(data, users, *flags, landing_ids=postgres.query("SELECT id FROM users").split())

    @pytest.mark.parametrize("flag, address", [
        ("--kafka", "kafka://127.0.0.1:1"), ("--store", "cassandra://127.0.0.1:1"),
        ("--registry", "http://127.0.0.1:1"), ("--landing", "postgres://127.0.0.1:1/people"),
    ])
    def test_nobody_there_is_told_at_once(self, folder, flag, address):
        began = time.monotonic()
        refuse("run", "--users", 1, "--data", folder / "data", flag, address, says=[flag, "127.0.0.1"])
        assert time.monotonic() - began < 20, "it should not try for minutes"


class TestKilled:
    @pytest.mark.parametrize("stage", ["fetched", "landed", "streamed", "stored"])
    def test_kill_9_then_resume(self, folder, stage):
        users = 1_500
        people = make_people(folder / "people.ndjson", users)
        flags = ["--data", folder / "data", "--source", f"file:{folder}/people.ndjson"]
        process = launch("run", "--users", users, "--json", *flags)
        # The last people may be stored, and the run be over, before anybody looks.
        wait_for(folder / "data", process, stage, 1, may_end=stage == "stored")
        process.kill()
        process.communicate()
        process = launch("run", "--resume", "--json", *flags)
        time.sleep(random.Random(stage).uniform(0.1, 0.6))  # and again, somewhere in its start
        process.kill()
        process.communicate()
        # What was nearly done may have been finished before a kill.
        text = succeed("run", "--resume", *flags, timeout=120)
        assert "success" in text or "no run was interrupted" in text
        assert "no run was interrupted" in succeed("run", "--resume", *flags)
        assert set(landed(folder / "data" / "landing.sqlite")) == people
        check_everywhere(folder / "data", users, "--source", f"file:{folder}/people.ndjson")

    def test_ctrl_c_then_resume(self, folder):
        users = 3_000
        flags = ["--data", folder / "data"]
        process = launch("run", "--users", users, *flags)
        wait_for(folder / "data", process, "fetched", 1)
        process.send_signal(signal.SIGINT)
        code, _, errors = end(process, timeout=30)
        assert code == 130, f"exit code {code}: {errors}"
        assert "--resume" in errors, f"it should say how to go on: {errors}"
        assert "Error" not in errors
        text = succeed("run", "--resume", *flags)
        assert "goes on" in text and "success" in text
        check_everywhere(folder / "data", users)

    def test_the_next_run_finishes_the_one_before(self, folder):
        flags = ["--data", folder / "data"]
        process = launch("run", "--users", 2_200, *flags)
        wait_for(folder / "data", process, "fetched", 1)
        process.kill()
        process.communicate()
        assert answer("run", "--users", 10, *flags, timeout=120)["confirmed"] == 10
        check_everywhere(folder / "data", 2_210)


    def test_a_run_on_a_stack_that_stops_is_told_and_goes_on(self, folder):
        data = folder / "data"
        stack = start_stack(data=data)
        process = launch("run", "--users", 3_000, "--data", data)
        try:
            wait_for(data, process, "fetched", 1)
        finally:
            assert stack.stop() == 0
        code, _, errors = end(process, timeout=30)
        assert code == 1 and "stopped before the run had ended" in errors and "--resume" in errors, errors
        assert "success" in succeed("run", "--resume", "--data", data)
        check_everywhere(data, 3_000)

    def test_a_trigger_without_a_stack_waits_for_one(self, folder):
        data = folder / "data"
        run = answer("dags", "trigger", "user_automation", "--conf", '{"users": 20}', "--data", data)
        assert run["state"] in ("queued", "running")
        assert "success" in succeed("run", "--resume", "--data", data)
        check_everywhere(data, 20)

    def test_a_killed_stack_is_known_as_gone(self, folder):
        stack = start_stack(data=folder / "data")
        stack.kill()
        refuse("status", "--data", folder / "data", says=["no stack"])
        assert answer("run", "--users", 5, "--data", folder / "data")["confirmed"] == 5

    def test_an_ephemeral_stack_leaves_nothing(self):
        stack = start_stack("--only", "kafka,registry,store")
        assert set(stack.addresses) == {"kafka", "registry", "store", "data"}
        assert pathlib.Path(stack.data).is_dir()
        stack.process.terminate()
        assert stack.process.wait(timeout=30) == 0
        assert not pathlib.Path(stack.data).exists()


class TestData:
    def test_a_second_stack_is_refused_and_harms_nothing(self, folder):
        stack = start_stack(data=folder / "data")
        try:
            refuse("up", "--data", folder / "data", says=["another stack", str(stack.process.pid)])
            assert answer("run", "--users", 20, "--data", folder / "data")["confirmed"] == 20
            assert len(everywhere_once(stack)) == 20
        finally:
            assert stack.stop() == 0

    def test_newer_data_is_refused_and_kept(self, folder):
        data = folder / "data"
        answer("run", "--users", 5, "--data", data)
        version = (data / "format").read_text()
        (data / "format").write_text("99\n")
        for command in (["run", "--users", 1], ["up"], ["run", "--resume"]):
            refuse(*command, "--data", data, says=["newer", "99"])
        (data / "format").write_text(version)
        assert answer("run", "--users", 5, "--data", data)["confirmed"] == 5
        check_everywhere(data, 10)


    def test_a_query_that_cannot_go_on_ends_the_run(self, folder):
        data = folder / "data"
        answer("run", "--users", 5, "--data", data)
        for file in (data / "checkpoints" / "users_created" / "offsets").iterdir():
            file.write_text("junk")
        errors = refuse("run", "--users", 5, "--data", data, says=["checkpoints", "users_created", "confirm"])
        assert "tasks logs" in errors
        # Putting the checkpoint aside reads the topic anew; the run's last task finds everybody then.
        stack = start_stack(data=data)
        try:
            succeed("queries", "restart", "users_created", "--from", "earliest", "--data", data)
            until(lambda: len(stored(stack.cql)) == 10, "everybody is stored")
            succeed("tasks", "clear", "user_automation", "latest", "confirm", "--data", data)

            def confirmed():
                runs = answer("dags", "list-runs", "user_automation", "--data", data)
                return [run["state"] for run in runs] == ["success", "success"]

            until(confirmed, "the failed run is mended")
            assert len(everywhere_once(stack)) == 10
        finally:
            assert stack.stop() == 0

    def test_stopped_data_is_in_its_files(self, folder):
        answer("run", "--users", 5, "--data", folder / "data")
        assert not list((folder / "data").glob("*.sqlite-wal")) or all(
            log.stat().st_size == 0 for log in (folder / "data").glob("*.sqlite-wal"))
        assert len(landed(folder / "data" / "landing.sqlite")) == 5


@contextmanager
def small_disk(path: pathlib.Path, megabytes: int):
    path.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="mounting a small disk needs root")
class TestDiskFull:
    USERS = 6_000

    def test_room_runs_out_in_mid_run_and_is_made(self, folder):
        people = make_people(folder / "people.ndjson", self.USERS)
        with small_disk(folder / "disk", 64) as disk:
            data = disk / "data"
            flags = ["--data", data, "--source", f"file:{folder}/people.ndjson"]
            answer("run", "--users", 10, *flags)
            filler = disk / "filler"
            free = shutil.disk_usage(disk).free
            filler.write_bytes(b"\0" * (free - (20 << 20)))
            process = launch("run", "--users", self.USERS - 10, "--json", *flags)
            code, output, errors = self.ended_or_stuck(process, disk)
            if code is not None:
                assert 0 < code < 128, f"exit code {code}\n{output}{errors}"
                assert "No space left" in errors or "full" in errors, errors
                assert "Fatal error" not in errors
            filler.unlink()
            if code is None:
                finished(process, self.USERS - 10)
            else:
                succeed("run", "--resume", *flags, timeout=120)
            check_everywhere(data, self.USERS, "--source", f"file:{folder}/people.ndjson")
            assert set(landed(data / "landing.sqlite")) == people

    @staticmethod
    def ended_or_stuck(process, disk):
        """Until it ends by itself, or the disk has been full for some seconds and it waits."""
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return (process.returncode, *process.communicate())
            time.sleep(0.05)
        assert shutil.disk_usage(disk).free < 1 << 20, "the disk never was full"
        return None, "", ""

    def test_a_full_disk_at_the_start_is_told(self, folder):
        with small_disk(folder / "disk", 8) as disk:
            free = shutil.disk_usage(disk).free
            (disk / "filler").write_bytes(b"\0" * (free - 4096))
            ended = millrace("run", "--users", 5, "--data", disk / "data")
            assert 0 < ended.returncode < 128, ended
            assert "at:" in ended.stderr and "try:" in ended.stderr and "Fatal error" not in ended.stderr
            assert "space" in ended.stderr or "full" in ended.stderr, ended.stderr
            (disk / "filler").unlink()
            if shutil.disk_usage(disk).free > 4 << 20:
                millrace("doctor", "--data", disk / "data")
