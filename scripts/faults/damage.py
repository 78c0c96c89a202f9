"""Files of a broker that is down, damaged as a crash or a rotting disk would, and how a log is read raw."""

import pathlib
import struct

from kafka.protocol.consumer import FetchRequest, FetchResponse

from .second_protocol import SecondProtocolProducer

# Length and everything before it: magic and what follows is covered by `length`.
BATCH_OVERHEAD = 12
BATCH_HEADER_BYTES = 61
# Of a batch, where its checksum begins to cover it.
COVERED_FROM = 21


def segments(data: pathlib.Path, topic: str, partition: int) -> list:
    """The .log files of a partition, in order."""
    return sorted(data.glob(f"**/{topic}-{partition}/*.log"))


def batches(path: pathlib.Path) -> list:
    """(base offset, last offset, where it begins, its size) of each batch of a segment."""
    content, found, place = path.read_bytes(), [], 0
    while place + BATCH_HEADER_BYTES <= len(content):
        base, length = struct.unpack_from(">qi", content, place)
        last, = struct.unpack_from(">i", content, place + 23)
        found.append((base, base + last, place, BATCH_OVERHEAD + length))
        place += BATCH_OVERHEAD + length
    return found


def tear(path: pathlib.Path, count: int, rng) -> str:
    """Cuts off the last bytes, or writes nonsense or zeros over them; says what it did."""
    size = path.stat().st_size
    count = min(count, size)
    way = rng.choice(("cut off", "overwritten", "zeroed"))
    with path.open("r+b") as file:
        if way == "cut off":
            file.truncate(size - count)
        else:
            file.seek(size - count)
            file.write(rng.randbytes(count) if way == "overwritten" else b"\0" * count)
    return f"{path.name}: {count} of {size} bytes {way}"


def flip(path: pathlib.Path, place: int, bit: int):
    with path.open("r+b") as file:
        file.seek(place)
        byte, = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 1 << bit]))


def fetch_error(address: str, topic: str, partition: int, offset: int) -> int:
    """What one fetch at an offset is answered with, without a client that tries again."""
    place = FetchRequest.FetchTopic(topic=topic, partitions=[
        FetchRequest.FetchTopic.FetchPartition(
            partition=partition, current_leader_epoch=-1, fetch_offset=offset,
            last_fetched_epoch=-1, log_start_offset=-1, partition_max_bytes=1)])
    request = FetchRequest[12](
        replica_id=-1, max_wait_ms=0, min_bytes=0, max_bytes=1, isolation_level=0, session_id=0,
        session_epoch=-1, topics=[place], forgotten_topics_data=[], rack_id="")
    client = SecondProtocolProducer(address, "fetch")
    try:
        answer = client.ask_once(request, FetchResponse)
        return answer.responses[0].partitions[0].error_code
    finally:
        client.close()
