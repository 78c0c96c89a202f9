"""The guide's programs compile as a user's would: with what is public, and nothing else."""

import json
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
DROPPED = {"-emit-dependencies", "-emit-module", "-incremental", "-c", "-serialize-diagnostics",
           "-parseable-output", "-emit-objc-header", "-enable-batch-mode", "-enable-testing"}
DROPPED_WITH_VALUE = {"-emit-module-path", "-output-file-map", "-index-store-path", "-emit-objc-header-path",
                      "-num-threads", "-package-name", "-module-name"}


def compiler_flags():
    """The flags of the built pipelines module, less its being part of our package."""
    plan = ROOT / ".build" / "debug.yaml"
    if not plan.exists():
        pytest.skip("there is no debug build of this checkout; make test makes one")
    match = re.search(r'"C\.MillracePipelines-[^"]*debug\.module":\n(?:.*\n)*?    args: (\[.*\])\n', plan.read_text())
    flags, given = [], iter(json.loads(match[1]))
    for flag in given:
        if flag in DROPPED_WITH_VALUE:
            next(given)
        elif flag not in DROPPED and not flag.startswith("@") and not re.fullmatch(r"-j\d+", flag):
            flags.append(flag)
    return flags


def programs():
    """The guide's blocks that are whole files."""
    text = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    return [block for block in re.findall(r"```swift\n(.*?)```", text, re.S) if "import Millrace\n" in block]


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.split("\n")[2].strip("/ {")[:40])
def test_the_guide_compiles(program, tmp_path):
    source = tmp_path / "People.swift"
    source.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [*compiler_flags(), "-module-name", "People", "-typecheck", str(source)], cwd=ROOT, capture_output=True,
        text=True)
    assert done.returncode == 0, done.stdout + done.stderr
