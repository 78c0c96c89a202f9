"""A record larger than Kafka takes is cut short and set aside; its neighbours go on."""

import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_neighbours_of_a_huge_record_arrive(binary, folder):
    lines = (ROOT / "Tests/Fixtures/people.ndjson").read_text(encoding="utf-8").splitlines()[:2]
    huge = json.loads(lines[0])
    huge["email"] = ""
    huge["padding"] = "x" * 1_040_000
    people = folder / "people.ndjson"
    people.write_text("\n".join([lines[0], json.dumps(huge), lines[1]]), encoding="utf-8")
    data = ["--data", str(folder / "data"), "--source", f"file:{people}"]
    done = subprocess.run(
        [binary, "run", "--users", "3", "--json", *data], capture_output=True, text=True, timeout=120, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["confirmed"] == 2
    letters = subprocess.run(
        [binary, "dlq", "list", "--json", *data], capture_output=True, text=True, timeout=60, cwd=folder, check=True)
    (letter,) = json.loads(letters.stdout)
    assert letter["reason"] == "email is empty"
    assert letter["bytes"] < 1_000_000
