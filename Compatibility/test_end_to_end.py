"""The whole pipeline, asked by real clients: runs, dead letters, queries, DAGs, the commands."""

import json
import pathlib
import socket
import sqlite3
import uuid

import jsonschema
import pytest
import requests
from clients import (
    DAG, DEAD_LETTERS, FIXTURES, SHARED, STAGES, TOPIC, answer, everywhere_once, keys, landed,
    make_people, produce, records, refuse, stored, succeed, until,
)
from conftest import start_stack

COLUMNS = [
    "id", "first_name", "last_name", "gender", "address", "post_code", "email", "username", "dob",
    "registered_date", "phone", "picture",
]
SECRETS = ("password", "salt", "md5", "sha1", "sha256")
DONE = {"success", "skipped"}


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A stack on a data directory, for all tests of this file that need one."""
    started = start_stack(data=tmp_path_factory.mktemp("live") / "data")
    yield started
    assert started.stop() == 0
    assert "Fatal error" not in "".join(started.errors)


@pytest.fixture(scope="module")
def filled(live):
    """The same stack after two runs, and what they said."""
    runs = [answer("run", "--data", live.data, "--users", count) for count in (120, 80)]
    return live, runs


def on(stack):
    return ["--data", stack.data]


class TestRuns:
    def test_each_run_adds_people_of_its_own(self, filled):
        stack, (first, second) = filled
        for run, count in ((first, 120), (second, 80)):
            assert run["state"] == "success"
            assert run["confirmed"] == count
            assert {stage["count"] for stage in run["stages"].values()} == {count} and len(run["stages"]) == 5
            assert sum(people["inserted"] for people in run["people"].values()) == count
            assert set(run["states"].values()) <= DONE
            assert run["rejected"] == {} and run["resent"] == 0 and run["skipped"] == 0
        assert first["run_id"] != second["run_id"]
        assert len(everywhere_once(stack)) == 200

    def test_topic_and_table_hold_the_same_columns(self, filled):
        stack, _ = filled
        rows = stored(stack.cql)
        for record in records(stack.kafka, TOPIC):
            value = json.loads(record.value())
            assert list(value) == COLUMNS
            row = rows[record.key().decode()]._asdict()
            assert {name: str(row[name]) for name in COLUMNS} == value
            assert value["address"].count(",") >= 3

    def test_the_landing_keeps_the_record_without_its_secrets(self, filled):
        stack, _ = filled
        with sqlite3.connect(f"file:{stack.data}/landing.sqlite?mode=ro", uri=True) as database:
            rows = database.execute("SELECT id, nationality, title, raw FROM users").fetchall()
            assert database.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
        assert len(rows) == 200
        for person, nationality, title, raw in rows:
            record = json.loads(raw)
            assert record["login"]["uuid"] == person
            assert record["nat"] == nationality and record["name"]["title"] == title
            assert not set(SECRETS) & set(record["login"])

    def test_records_name_their_registered_schema(self, filled):
        stack, _ = filled
        assert f"{TOPIC}-value" in requests.get(f"{stack.registry}/subjects", timeout=10).json()
        latest = requests.get(f"{stack.registry}/subjects/{TOPIC}-value/versions/latest", timeout=10).json()
        assert latest["schemaType"] == "JSON"
        by_id = requests.get(f"{stack.registry}/schemas/ids/{latest['id']}", timeout=10).json()
        schema = json.loads(by_id["schema"])
        found = records(stack.kafka, TOPIC)
        assert len({record.partition() for record in found}) == 4
        for record in found:
            header = dict(record.headers())["__value_schema_id"]
            assert header == b"\0" + latest["id"].to_bytes(4, "big")
        for record in found[:20]:
            jsonschema.validate(json.loads(record.value()), schema)

    def test_a_plain_run_says_what_arrived(self, live):
        text = succeed("run", *on(live), "--users", 10)
        for word in ("fetched", "landed", "streamed", "processed", "stored", "p99", "first_name", "success"):
            assert word in text
        for stage in ("kafka", "store"):
            assert live.addresses[stage] in text, "it should name the live stack's own addresses"

    def test_another_address_than_the_live_one_is_refused(self, live):
        refuse("run", *on(live), "--source", f"file:{FIXTURES}/people.ndjson", says=["--source", "live stack"])


class TestDeadLetters:
    def test_a_bad_value_goes_aside_and_its_neighbours_go_on(self, filled):
        stack, _ = filled
        before = len(records(stack.kafka, DEAD_LETTERS))
        good = [str(uuid.uuid4()) for _ in range(2)]
        template = json.loads(records(stack.kafka, TOPIC)[0].value())
        bad = b'{"id": "not json'
        for key, value in (
            (good[0], json.dumps({**template, "id": good[0]}).encode()), ("bad", bad),
            (good[1], json.dumps({**template, "id": good[1]}).encode()),
        ):
            produce(stack.kafka, TOPIC, key, value)
        until(lambda: set(good) <= set(stored(stack.cql)), "the neighbours are stored")
        letters = until(
            lambda: (lambda found: found if len(found) > before else None)(records(stack.kafka, DEAD_LETTERS)),
            "the bad value is a dead letter")
        letter = letters[-1]
        headers = {name: value.decode() for name, value in letter.headers()}
        assert letter.value() == bad
        assert headers["reason"] and headers["source.topic"] == TOPIC
        assert headers["source.partition"] == "0" and int(headers["source.offset"]) >= 0

    def test_letters_are_listed_shown_and_replayed(self, filled):
        stack, _ = filled
        person = json.loads((FIXTURES / "people.ndjson").read_text(encoding="utf-8").splitlines()[0])
        person["login"]["uuid"] = mended = str(uuid.uuid4())
        raw = json.dumps(person, ensure_ascii=False)
        produce(stack.kafka, DEAD_LETTERS, "x", raw.encode(), "-H", "reason=put aside by a test")
        letters = answer("dlq", "list", *on(stack))
        assert letters[0]["reason"] == "put aside by a test"
        place = letters[0]["place"]
        shown = json.loads(succeed("dlq", "show", place, *on(stack)))
        assert json.loads(shown["value"]) == person
        assert place in succeed("dlq", "list", *on(stack))
        assert "1 landed" in succeed("dlq", "replay", place, *on(stack))
        row = until(lambda: stored(stack.cql).get(mended), "the replayed person is stored")
        assert row.email == person["email"]
        assert "0 landed" in succeed("dlq", "replay", place, *on(stack)), "nobody is landed twice"

    def test_wrong_places_are_told(self, live):
        refuse("dlq", "show", "0:999999", *on(live), says=["0:999999", "dlq list"])
        refuse("dlq", "show", "first", *on(live), says=["first"])
        refuse("dlq", "list", "--topic", "nope", *on(live), says=["nope", DEAD_LETTERS])


class TestQueries:
    def test_a_restart_from_earliest_loses_and_doubles_nobody(self, filled):
        stack, _ = filled
        before = stored(stack.cql)
        total = len(records(stack.kafka, TOPIC))
        shown = json.loads(succeed("queries", "show", TOPIC, *on(stack)))
        assert shown["state"] == "running" and shown["source"] and shown["sink"]
        assert "restarted from earliest" in succeed("queries", "restart", TOPIC, "--from", "earliest", *on(stack))

        def caught_up():
            now = json.loads(succeed("queries", "show", TOPIC, *on(stack)))
            assert now["state"] != "failed", now["exception"]
            done = sum((now["committedOffsets"].get(TOPIC) or {}).values())
            return now if done == total else None

        again = until(caught_up, "the query has read everything again")
        assert again["runId"] != shown["runId"]
        assert stored(stack.cql) == before

    def test_they_are_listed(self, live):
        assert [query["name"] for query in answer("queries", "list", *on(live))] == [TOPIC]
        assert TOPIC in succeed("queries", *on(live))

    def test_wrong_names_are_told(self, live):
        refuse("queries", "show", "nope", *on(live), says=["nope", TOPIC])
        refuse("queries", "restart", TOPIC, "--from", "middle", *on(live), says=["middle", "earliest"])


class TestDags:
    def test_list_and_show(self, live):
        assert [dag["dag_id"] for dag in answer("dags", "list", *on(live))] == [DAG]
        text = succeed("dags", "show", DAG, *on(live))
        for word in ("users", "1000000", "detect_gender", "none_failed_min_one_success"):
            assert word in text

    def test_trigger_and_wait(self, live):
        run = answer("dags", "trigger", DAG, "--conf", '{"users": 15}', "--wait", *on(live))
        assert run["state"] == "success" and run["confirmed"] == 15
        assert run["run_id"] in [r["dag_run_id"] for r in answer("dags", "list-runs", DAG, *on(live))]

    def test_trigger_goes_on_behind_the_command(self, live):
        run = answer("dags", "trigger", DAG, "--conf", '{"users": 5}', *on(live))
        assert run["state"] in ("queued", "running")

        def ended():
            runs = {r["dag_run_id"]: r["state"] for r in answer("dags", "list-runs", DAG, *on(live))}
            return runs[run["dag_run_id"]] == "success"

        until(ended, "the triggered run succeeds")

    def test_pause_and_unpause(self, live):
        succeed("dags", "pause", DAG, *on(live))
        assert answer("dags", "list", *on(live))[0]["is_paused"] is True
        succeed("dags", "unpause", DAG, *on(live))
        assert answer("dags", "list", *on(live))[0]["is_paused"] is False

    def test_tasks_list_logs_and_clear(self, live):
        run = answer("run", *on(live), "--users", 12)["run_id"]
        people = set(stored(live.cql))
        tasks = {task["task_id"]: task for task in answer("tasks", "list", DAG, run, *on(live))}
        assert {task["state"] for task in tasks.values()} <= DONE
        assert tasks["fetch_users"]["try_number"] == 1
        assert "page 1: 12 people" in succeed("tasks", "logs", DAG, "latest", "fetch_users", *on(live))
        assert "confirm" in succeed("tasks", "clear", DAG, run, "confirm", *on(live))

        def again():
            now = {task["task_id"]: task for task in answer("tasks", "list", DAG, run, *on(live))}
            assert now["confirm"]["state"] not in ("failed", "up_for_retry"), "it cannot be confirmed again"
            return now["confirm"]["try_number"] == 2 and now["confirm"]["state"] == "success" and now

        assert until(again, "the cleared task runs again")["fetch_users"]["try_number"] == 1
        succeed("tasks", "clear", DAG, run, *on(live))

        def all_again():
            now = {task["task_id"]: task for task in answer("tasks", "list", DAG, run, *on(live))}
            return now["fetch_users"]["try_number"] == 2 and now["confirm"]["try_number"] == 3 \
                and {task["state"] for task in now.values()} <= DONE

        until(all_again, "the cleared run runs again")
        assert set(stored(live.cql)) == people, "a cleared run fetches the same people"
        everywhere_once_or_more(live)

    def test_wrong_names_and_parameters_are_told(self, live):
        refuse("dags", "show", "nope", *on(live), says=["nope", "dags list"])
        refuse("dags", "trigger", DAG, "--conf", '{"users": 0}', *on(live), says=["users", "1000000"])
        refuse("dags", "trigger", DAG, "--conf", '{"userz": 3}', *on(live), says=["userz"])
        refuse("dags", "trigger", DAG, "--conf", "users=3", *on(live), says=["--conf"])
        refuse("tasks", "list", DAG, "nope", *on(live), says=["nope"])
        refuse("tasks", "logs", DAG, "latest", "nope", *on(live), says=["nope"])


def everywhere_once_or_more(stack):
    """As `everywhere_once`, where test records were put on the topic past the landing."""
    ids = set(landed(pathlib.Path(stack.data) / "landing.sqlite"))
    assert ids <= set(stored(stack.cql)) and ids <= set(keys(stack.kafka))


class TestLookingAround:
    def test_status(self, live):
        status = answer("status", *on(live))
        assert status["pid"] == live.process.pid
        assert status["addresses"]["kafka"] == live.addresses["kafka"]
        assert status["progress"]["stages"]["stored"]["count"] >= 200
        assert status["queries"][0]["name"] == TOPIC
        text = succeed("status", *on(live))
        assert live.addresses["store"] in text and "running" in text

    def test_status_without_a_stack(self, folder):
        refuse("status", "--data", folder / "data", says=["no stack", "millrace up"])
        assert not (folder / "data").exists(), "looking must not make a data directory"

    def test_config(self, folder):
        (folder / "millrace.yaml").write_text("partitions: 3\nlanding: postgres://me:secret@db/people\n")
        kafka = {"MILLRACE_KAFKA": "kafka://k:9092"}
        config = answer("config", "--store", "cassandra://db:9042", cwd=folder, env=kafka)
        assert config["partitions"] == {"value": "3", "from": "millrace.yaml"}
        assert config["kafka"] == {"value": "kafka://k:9092", "from": "MILLRACE_KAFKA"}
        assert config["store"] == {"value": "cassandra://db:9042", "from": "--store"}
        assert config["source"]["from"] == "default"
        assert "secret" not in json.dumps(config)
        text = succeed("config", cwd=folder, env=kafka)
        (folder / "again.yaml").write_text(text)
        again = answer("config", "--config", folder / "again.yaml", cwd=folder)
        assert again["kafka"]["value"] == "kafka://k:9092", "what is printed is a configuration itself"

    def test_doctor(self, live, folder):
        findings = answer("doctor", *on(live))
        assert all(finding["ok"] for finding in findings)
        free = sum((["--" + stage, "embedded:?port=0"] for stage in STAGES), [])
        assert "librdkafka" in succeed("doctor", "--data", folder / "data", *free)
        real = ["--kafka", live.addresses["kafka"], "--store", live.addresses["store"],
                "--registry", live.registry, "--source", live.source]
        found = {f["check"].split()[0]: f["detail"] for f in answer("doctor", "--data", folder / "data", *free, *real)}
        assert "1 brokers" in found["kafka"] and found["store"] == "connected"
        refuse("doctor", "--data", folder / "data", *free, "--kafka", "kafka://127.0.0.1:1", says=["127.0.0.1:1"])

    def test_connectors(self):
        named = {connector["name"]: connector for connector in answer("connectors")}
        assert {"kafka", "cassandra"} <= set(named)
        assert all(option["help"] for connector in named.values() for option in connector["options"])


class TestWithoutALiveStack:
    def test_runs_add_up_and_leave_nothing_running(self, folder):
        data = folder / "data"
        first = answer("run", "--data", data, "--users", 40)
        second = answer("run", "--data", data, "--users", 30)
        assert (first["confirmed"], second["confirmed"]) == (40, 30)
        refuse("status", "--data", data)
        assert "no run was interrupted" in succeed("run", "--resume", "--data", data)
        stack = start_stack(data=data)
        try:
            assert len(everywhere_once(stack)) == 70
            assert answer("run", "--data", data, "--users", 5)["confirmed"] == 5
        finally:
            assert stack.stop() == 0

    def test_broken_records_go_to_the_dead_letters(self, folder):
        data = folder / "data"
        flags = ["--data", data, "--source", f"file:{FIXTURES}/broken.ndjson"]
        text = succeed("run", *flags, "--users", 7)
        assert "the source is exhausted: 6 of 7" in text
        for reason in ("email is empty", "no JSON object", "does not end"):
            assert reason in text
        letters = answer("dlq", "list", "--data", data)
        assert sorted(letter["reason"][:13] for letter in letters) == ["email is empt"] + ["the record is"] * 2
        shown = json.loads(succeed("dlq", "show", letters[-1]["place"], "--data", data))
        assert shown["value"].startswith('{"gender":"male"') and shown["headers"]["index"] == "1"
        replayed = succeed("dlq", "replay", "--data", data)
        assert "0 landed" in replayed and replayed.count(" stays: ") == 3
        ended = refuse("run", *flags, "--users", 7, says=["exhausted", "all of its 6 records", "tasks logs"])
        assert "user_automation" in ended
        tasks = {task["task_id"]: task for task in answer("tasks", "list", DAG, "--data", data)}
        assert tasks["fetch_users"]["try_number"] == 1, "waiting does not refill a file"

    def test_a_file_is_read_on_where_the_last_run_stopped(self, folder):
        people = make_people(folder / "people.ndjson", 50)
        flags = ["--data", folder / "data", "--source", f"file:{folder}/people.ndjson"]
        counts = [answer("run", *flags, "--users", 20)["confirmed"] for _ in range(3)]
        assert counts == [20, 20, 10]
        assert set(landed(folder / "data" / "landing.sqlite")) == people
        more = make_people(folder / "more.ndjson", 5, seed=8)
        with (folder / "people.ndjson").open("a", encoding="utf-8") as out:
            out.write((folder / "more.ndjson").read_text(encoding="utf-8"))
        assert answer("run", *flags, "--users", 20)["confirmed"] == 5
        assert set(landed(folder / "data" / "landing.sqlite")) == people | more

    @pytest.mark.skipif(not SHARED.exists(), reason="the recorded people are not beside this checkout")
    def test_recorded_people_all_arrive(self, folder):
        path = SHARED / "randomuser-sample.ndjson"
        ids = {json.loads(line)["login"]["uuid"] for line in path.open(encoding="utf-8")}
        run = answer("run", "--data", folder / "data", "--source", f"file:{path}", "--users", 1580)
        assert run["confirmed"] == len(ids) == 1580
        assert run["rejected"] == {}
        stack = start_stack("--source", f"file:{path}", data=folder / "data")
        try:
            everywhere_once(stack, people=ids)
        finally:
            assert stack.stop() == 0

    @pytest.mark.skipif(not SHARED.exists(), reason="the recorded people are not beside this checkout")
    def test_older_shapes_are_taken_or_refused_with_a_reason(self, folder):
        data = folder / "data"
        path = SHARED / "randomuser-legacy-shapes.ndjson"
        run = answer("run", "--data", data, "--source", f"file:{path}", "--users", 1070)
        assert run["confirmed"] == 51
        assert sum(run["rejected"].values()) == 1019
        stack = start_stack(data=data)
        try:
            assert len(everywhere_once(stack)) == 51
            letters = records(stack.kafka, DEAD_LETTERS)
            assert len(letters) == 1019
            assert all(dict(letter.headers())["reason"] for letter in letters)
            lines = {line.rstrip("\n") for line in path.open(encoding="utf-8")}
            assert all(letter.value().decode() in lines for letter in letters), "the raw bytes are kept"
            # More letters than one listing holds: every one can be shown, and all are replayed.
            text = succeed("dlq", "list", "--data", data)
            assert "1,000 of 1,019" in text
            assert json.loads(succeed("dlq", "show", "0:0", "--data", data))["offset"] == 0
            assert succeed("dlq", "replay", "--data", data).count(" stays: ") == 1019
        finally:
            assert stack.stop() == 0

    def test_a_taken_port_is_told_and_another_one_used(self, folder):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", 9092))
                listener.listen()
            except OSError:
                pass  # Somebody else has it: as good.
            text = succeed("run", "--data", folder / "data", "--users", 3)
        assert "port 9092 is taken" in text and "free one" in text

    def test_landing_in_a_real_postgresql(self, folder):
        postgres_module = pytest.importorskip("postgres")
        with postgres_module.Postgres() as postgres:
            flags = ["--data", folder / "data", "--landing", postgres.url]
            assert answer("run", *flags, "--users", 60)["confirmed"] == 60
            assert answer("run", *flags, "--users", 40)["confirmed"] == 40
            assert postgres.query("SELECT count(*), count(DISTINCT id), count(raw) FROM users") == "100|100|100"
            assert postgres.query("SELECT count(*) FROM outbox") == "0"
            stack = start_stack("--landing", postgres.url, data=folder / "data")
            try:
                everywhere_once(stack, landing_ids=postgres.query("SELECT id FROM users").split())
            finally:
                assert stack.stop() == 0
