"""Fault test 7: lists that transactions append to and read, in the manner of Jepsen and Elle.

A key is a partition; its list is what a read_committed reader sees. A transaction appends to some
lists and reads others, and notes what it saw. Faults: the broker is killed, transactions are aborted,
some are left open. From what was noted and from the final lists it is decided:

* G1a, aborted read: somebody saw an append of a transaction that was aborted;
* G1b, intermediate read: somebody saw a part of what a transaction appended to one list;
* G1c, circular information flow: of two transactions each read what the other wrote;
* torn: a transaction is in some of its lists and not in others;
* lost: an append of a committed transaction is in no final list; or a list a reader saw is no prefix
  of the final one (dirty or reordered).

Write cycles (G0) are counted and are no fault: Kafka's transactions do not lock what they write, so
that two at once may append to two lists in different orders. Elle's verdict on Kafka itself is the same.
"""

import collections
import random
import threading
import time

from . import broker, clients, verdict, workers
from .second_protocol import Fenced

TOPIC = "faults.lists"
READ_SHARE = 0.4


class History:
    """What all clients noted: reads are (transaction or None, key, values)."""

    def __init__(self):
        self.lock = threading.Lock()
        self.reads = []

    def read(self, transaction, key, values):
        with self.lock:
            self.reads.append((transaction, key, values))


def values_of(address, key) -> list:
    return [value.decode() for _, _, value in clients.read_all_of(address, TOPIC, key)]


class FirstProtocolLists(workers.FirstProtocolWorker):
    history = None

    def step(self):
        if self.producer is not None and self.random.random() < READ_SHARE:
            note(self, f"{self.name}/{self.number + 1}")
        super().step()


class SecondProtocolLists(workers.SecondProtocolWorker):
    history = None

    def step(self):
        if self.random.random() < 0.05:
            # Left open: its successor, or the broker's timer, must end it.
            name, records, _ = self.plan()
            try:
                self.producer.send(self.topic, records[0][0], [records[0][1]])
            except Fenced:
                pass
            self.producer.begin()
            self.outcomes[name] = "aborted"
            return
        if self.random.random() < READ_SHARE:
            note(self, f"{self.name}/{self.number + 1}")
        super().step()


def note(worker, transaction):
    """Reads one list as a part of the transaction that comes next."""
    key = worker.random.randrange(worker.partitions)
    values = values_of(worker.address, key)
    worker.history.read(transaction, key, values)


class Reader(workers.Worker):
    """Reads lists outside of transactions."""

    def __init__(self, name, address, seed, keys, history):
        super().__init__(name, address, seed)
        self.keys, self.history = keys, history

    def step(self):
        key = self.random.randrange(self.keys)
        self.history.read(None, key, values_of(self.address, key))


def run(options, seed, folder) -> verdict.Verdict:
    rng = random.Random(seed)
    history = History()
    with broker.Broker(folder / "data", options.binary) as server:
        clients.make_topics(server.address, {TOPIC: options.keys})
        writers = [
            kind(f"{kind.__name__[:5].lower()}{n}", server.address, seed + n * 7 + index, TOPIC,
                 options.keys)
            for index, kind in enumerate((FirstProtocolLists, SecondProtocolLists))
            for n in range(2)]
        for writer in writers:
            writer.history = history
        reader = Reader("reader", server.address, seed + 99, options.keys, history)
        for worker in (*writers, reader):
            worker.start()
        for _ in range(options.rounds):
            time.sleep(rng.uniform(0.5, 1.5))
            server.kill()
            server.start()
        time.sleep(0.5)
        for worker in (*writers, reader):
            worker.stopping.set()
        for worker in (*writers, reader):
            worker.join(180)
            if worker.is_alive() or worker.error is not None:
                raise AssertionError(f"{worker.name} did not end well: {worker.error!r}")
        found = clients.read_all(server.address, TOPIC, options.keys)
        server.stop()
    return judge(writers, history, found)


def transaction_of(value: str) -> str:
    return value.rsplit("/", 1)[0]


def judge(writers, history, found) -> verdict.Verdict:
    result = verdict.Verdict()
    for kind in ("G1a", "G1b", "G1c"):
        result.counts[kind] = 0
    outcomes, appended = {}, {}
    for writer in writers:
        verdict.judge_transactions(writer, found, result)
        outcomes.update(writer.outcomes)
        for name, records in writer.contents.items():
            by_key = collections.defaultdict(list)
            for key, value in records:
                by_key[key].append(value.decode())
            appended[name] = by_key
    final = {key: [value.decode() for _, _, value in records] for key, records in found.items()}
    reads_from = collections.defaultdict(set)
    for reader, key, values in history.reads:
        if values != final[key][:len(values)]:
            result.fault("lost", f"a list of key {key} with {len(values)} values is no prefix")
        names = collections.Counter(transaction_of(value) for value in values)
        for name, count in names.items():
            if outcomes.get(name) == "aborted":
                result.fault("G1a", f"{name} seen in key {key}")
            elif count != len(appended[name][key]):
                result.fault("G1b", f"{name}: {count} of {len(appended[name][key])} in key {key}")
            if reader is not None and name != reader:
                reads_from[reader].add(name)
    for cycle in cycles({r: n for r, n in reads_from.items() if outcomes.get(r) == "committed"}):
        result.fault("G1c", " -> ".join(cycle))
    order = collections.defaultdict(set)
    for values in final.values():
        names = [transaction_of(value) for value in values]
        for before, after in zip(names, names[1:]):
            if before != after:
                order[after].add(before)
    states = list(outcomes.values())
    print(f"{len(outcomes)} transactions: {states.count('committed')} committed, "
          f"{states.count('aborted')} aborted, {states.count('unknown')} unknown; "
          f"{len(history.reads)} reads, {sum(map(len, final.values()))} values in {len(final)} lists; "
          f"{len(cycles(order))} write cycles (G0, allowed by Kafka)")
    return result


def cycles(edges: dict) -> list:
    """Strongly connected components with more than one member (Tarjan, without recursion)."""
    index, low, on_stack, stack, found = {}, {}, set(), [], []
    for root in list(edges):
        if root in index:
            continue
        work = [(root, iter(sorted(edges.get(root, ()))))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            child = next(rest, None)
            if child is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    if len(component) > 1:
                        found.append(component)
            elif child not in index:
                index[child] = low[child] = len(index)
                stack.append(child)
                on_stack.add(child)
                work.append((child, iter(sorted(edges.get(child, ())))))
            elif child in on_stack:
                low[node] = min(low[node], index[child])
    return found
