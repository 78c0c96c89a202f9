"""Fault tests of the broker with real clients: lists, zombies, lost answers, groups, offsets.

Each prints its seed; --seed repeats the choices (not the scheduling of threads).

Examples:
  scripts/broker-faults lists --rounds 20
  scripts/broker-faults zombies
  scripts/broker-faults duplicates --records 1000000
  scripts/broker-faults churn --members 50 --partitions 100 --events 300
  scripts/broker-faults offsets --rounds 50
"""

import argparse
import pathlib
import random
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from faults import broker, churn, duplicates, list_append, offsets, zombies  # noqa: E402

PROGRAMS = {
    "lists": list_append, "zombies": zombies, "duplicates": duplicates, "churn": churn,
    "offsets": offsets,
}


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", choices=sorted(PROGRAMS))
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--binary", default=broker.BINARY)
    parser.add_argument(
        "--rounds", type=int, default=5, help="kills (lists, offsets), generations (zombies)")
    parser.add_argument("--members", type=int, default=8, help="of a churning group, at most")
    parser.add_argument("--partitions", type=int, default=12, help="of a churning group")
    parser.add_argument("--events", type=int, default=30, help="that happen to a churning group")
    parser.add_argument("--keys", type=int, default=4, help="lists")
    parser.add_argument("--records", type=int, default=50_000, help="of the lost answers")
    parser.add_argument("--lost-share", type=float, default=0.03, help="answers that are lost")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"{options.program}, seed {seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-faults-"))
    result = PROGRAMS[options.program].run(options, seed, folder)
    print(result)
    if result.is_good:
        shutil.rmtree(folder)
        return 0
    print(f"failed; repeat with --seed {seed}; the data are in {folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
