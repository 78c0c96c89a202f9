"""What the crash tests share: workers under a server that is killed again and again, and the command line."""

import argparse
import pathlib
import random
import shutil
import sys
import tempfile
import time


def complain(workers):
    for worker in workers:
        if worker.error is not None:
            raise AssertionError(f"{worker.name} gave up: {worker.error!r}") from worker.error


def crash(server, rounds, rng, workers):
    for number in range(rounds):
        # Now and then in the middle of a start.
        early = rng.random() < 0.1
        time.sleep(rng.uniform(0, 0.05) if early else rng.uniform(0.1, 1.5))
        server.kill()
        complain(workers)
        server.start()
        print(f"\rkilled {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def stop(workers, seconds=180):
    for worker in workers:
        worker.stopping.set()
    for worker in workers:
        worker.join(seconds)
        if worker.is_alive():
            raise AssertionError(f"{worker.name} did not stop within {seconds} s")
    complain(workers)


def main(description, name, policy, policies, binary, run) -> int:
    """Reads the command line and calls run(rounds, seed, binary, policy, folder), which says whether all is well
    and why not. The data stay when something is not."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument(f"--{policy}", choices=policies, default="group", dest="policy")
    parser.add_argument("--binary", default=binary)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"seed {seed}, {policy} {options.policy}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"millrace-crash-{name}-"))
    is_good, text = run(options.rounds, seed, options.binary, options.policy, folder)
    print(text)
    if is_good:
        shutil.rmtree(folder)
        return 0
    print(f"failed; repeat with --seed {seed}; the data are in {folder}")
    return 1
