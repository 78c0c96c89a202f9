"""A group member in a process of its own, so that it can be stopped, killed and let go on.

Prints a line of JSON for whatever it gets or gives up: {"at", "event", "partitions"}; "at" is of the
system's steady clock, the same for all processes.
"""

import json
import signal
import sys
import time

from confluent_kafka import Consumer, KafkaException

FATAL = 5


def say(event: str, partitions=()):
    line = {"at": time.monotonic(), "event": event,
            "partitions": [partition.partition for partition in partitions]}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main():
    settings, topic = json.loads(sys.argv[1]), sys.argv[2]
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    consumer = Consumer(settings)
    isCooperative = settings.get("group.protocol") == "consumer" or \
        settings.get("partition.assignment.strategy") == "cooperative-sticky"

    def assigned(consumer, partitions):
        say("assigned", partitions)
        if isCooperative:
            consumer.incremental_assign(partitions)
        else:
            consumer.assign(partitions)

    def gone(event):
        def gave_up(consumer, partitions):
            # It owns them until here; whoever gets them next does so later.
            say(event, partitions)
            if isCooperative:
                consumer.incremental_unassign(partitions)
            else:
                consumer.unassign()
        return gave_up

    consumer.subscribe([topic], on_assign=assigned, on_revoke=gone("revoked"), on_lost=gone("lost"))
    say("started")
    while not stopping:
        try:
            consumer.poll(0.1)
        except KafkaException as error:
            print(error, file=sys.stderr)
    consumer.close()
    say("closed")


if __name__ == "__main__":
    main()
