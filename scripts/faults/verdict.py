"""What a log holds against what its producers were promised."""

import collections


class Verdict:
    """Counts of faults, with a few examples of each."""

    def __init__(self):
        self.counts = collections.Counter()
        self.examples = collections.defaultdict(list)
        for fault in ("lost", "duplicated", "torn", "moved", "disordered", "unaborted"):
            self.counts[fault] = 0

    def fault(self, kind: str, example):
        self.counts[kind] += 1
        if len(self.examples[kind]) < 5:
            self.examples[kind].append(example)

    @property
    def is_good(self) -> bool:
        return not any(self.counts.values())

    def __str__(self):
        lines = [", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items()))]
        for kind, examples in self.examples.items():
            lines += [f"  {kind}: {example}" for example in examples]
        return "\n".join(lines)


def occurrences(found: dict) -> collections.Counter:
    return collections.Counter(value for records in found.values() for _, _, value in records)


def judge_idempotent(worker, found: dict, verdict: Verdict):
    """Each acknowledged record once and at its offset, none twice, each partition in order."""
    prefix = f"{worker.name}:".encode()
    counts = occurrences(found)
    places = {(p, offset): value for p, records in found.items() for offset, _, value in records}
    for value, place in worker.acknowledged.items():
        if counts[value] == 0:
            verdict.fault("lost", f"{value} at {place}")
        elif places.get(place) != value:
            verdict.fault("moved", f"{value} was at {place}, where {places.get(place)} is")
    for value, count in counts.items():
        if count > 1 and value.startswith(prefix):
            verdict.fault("duplicated", f"{value}, {count} times")
    for partition, records in found.items():
        numbers = [int(v.split(b":")[1]) for _, _, v in records if v.startswith(prefix)]
        if numbers != sorted(numbers):
            verdict.fault("disordered", f"{worker.name} in partition {partition}")


def judge_transactions(worker, found: dict, verdict: Verdict):
    """Committed ones wholly, aborted ones not at all, unknown ones wholly or not at all."""
    counts = occurrences(found)
    for name, records in worker.contents.items():
        seen = [counts[value] for _, value in records]
        outcome = worker.outcomes[name]
        if any(count > 1 for count in seen):
            verdict.fault("duplicated", f"{name} ({outcome}): {seen}")
        elif 0 < sum(seen) < len(seen):
            verdict.fault("torn", f"{name} ({outcome}): {seen}")
        elif outcome == "committed" and sum(seen) == 0:
            verdict.fault("lost", name)
        elif outcome == "aborted" and sum(seen) > 0:
            verdict.fault("unaborted", name)


def judge_copy(source: dict, target: dict, verdict: Verdict):
    """The copy has what the source has, each record once."""
    wanted, got = occurrences(source), occurrences(target)
    for value, count in got.items():
        if count > 1 or value not in wanted:
            verdict.fault("duplicated", f"copy of {value}, {count} times")
    for value in wanted:
        if got[value] == 0:
            verdict.fault("lost", f"copy of {value}")
