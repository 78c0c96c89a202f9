"""Every Kafka message at every version, as an independent codec has it: both ways, values and bytes.

kafka-python's schema classes draw and write the messages; the Swift test `CodecOracleTests` reads them,
compares each field by its name, and writes the values again. The seed is printed; set
MILLRACE_CODEC_SEED to repeat a run.
"""

import os
import pathlib
import random
import re
import subprocess

from codec_oracle import message_classes, write
from conftest import ROOT, environment

BUNDLE = pathlib.Path(
    os.environ.get("MILLRACE_TEST_BUNDLE", ROOT / ".build" / "debug" / "millracePackageTests.xctest"))
SEED = int(os.environ.get("MILLRACE_CODEC_SEED", random.randrange(1 << 30)))
PER_VERSION = 4


def test_our_codec_agrees_with_kafka_python(tmp_path):
    print(f"codec seed {SEED}")
    assert BUNDLE.exists(), f"{BUNDLE} is missing; `swift build --build-tests` makes it"
    vectors = tmp_path / "vectors.ndjson"
    count = write(vectors, SEED, PER_VERSION)
    assert count > PER_VERSION * len(message_classes())
    done = subprocess.run(
        [BUNDLE, "--testing-library", "swift-testing", "--filter", "CodecOracleTests"],
        capture_output=True, text=True, timeout=170,
        env=environment({"MILLRACE_CODEC_VECTORS": str(vectors)}))
    said = f"seed {SEED}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    assert done.returncode == 0, said
    counts = [int(number) for number in re.findall(r"codec oracle: (\d+) vectors agree", done.stdout)]
    assert count in counts, said
