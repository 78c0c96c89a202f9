"""Fault tests of the broker with real clients; see scripts/faults/ for what each of them is.

Each prints its seed; --seed repeats the choices (not the scheduling of threads).

Examples:
  scripts/broker-faults lists --rounds 20
  scripts/broker-faults zombies
  scripts/broker-faults stale --rounds 200
  scripts/broker-faults duplicates --records 1000000
  scripts/broker-faults churn --members 50 --partitions 100 --events 300
  scripts/broker-faults offsets --rounds 50
  scripts/broker-faults retention --kills 30
  scripts/broker-faults torn --rounds 100
  scripts/broker-faults flips --rounds 100
  scripts/broker-faults full --rounds 20            (root, for a small tmpfs)
  scripts/broker-faults idle --connections 10000
  scripts/broker-faults soak --minutes 120 --json
"""

import argparse
import pathlib
import random
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from faults import (  # noqa: E402
    broker, churn, duplicates, flips, full, idle, list_append, offsets, retention, soak, stale, torn,
    zombies,
)

PROGRAMS = {
    "lists": list_append, "zombies": zombies, "stale": stale, "duplicates": duplicates,
    "churn": churn, "offsets": offsets, "retention": retention, "torn": torn, "flips": flips,
    "full": full, "idle": idle, "soak": soak,
}
# As Automake has it.
SKIPPED = 77


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", choices=sorted(PROGRAMS))
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--binary", default=broker.BINARY)
    parser.add_argument(
        "--rounds", type=int, default=5,
        help="kills (lists, offsets), generations (zombies), late ends (stale), and so on")
    parser.add_argument("--kills", type=int, default=10, help="while topics are retained")
    parser.add_argument("--members", type=int, default=8, help="of a churning group, at most")
    parser.add_argument("--partitions", type=int, default=12, help="of a churning group")
    parser.add_argument("--events", type=int, default=30, help="that happen to a churning group")
    parser.add_argument("--keys", type=int, default=4, help="lists")
    parser.add_argument("--records", type=int, default=50_000, help="of the lost answers")
    parser.add_argument("--lost-share", type=float, default=0.03, help="answers that are lost")
    parser.add_argument("--connections", type=int, default=10_000, help="that are idle")
    parser.add_argument("--minutes", type=float, default=120, help="of the soak")
    parser.add_argument(
        "--rate", type=int, default=0, help="records a second of the soak; half of what goes by default")
    parser.add_argument("--json", action="store_true", help="the samples of the soak, too")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"{options.program}, seed {seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-faults-"))
    try:
        result = PROGRAMS[options.program].run(options, seed, folder)
    except broker.Skipped as reason:
        print(f"skipped: {reason}")
        shutil.rmtree(folder)
        return SKIPPED
    print(result)
    if result.is_good:
        shutil.rmtree(folder)
        return 0
    print(f"failed; repeat with --seed {seed}; the data are in {folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
