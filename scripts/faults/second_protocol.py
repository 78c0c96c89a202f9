"""A transactional producer of the second protocol (KIP-890), as the Java client speaks it.

Librdkafka, kafka-python and aiokafka speak the first one only. This one is small and blocking: one
connection, one request at a time, Produce 12 and EndTxn 5. Messages are coded by kafka-python.
"""

import socket
import struct
import time

from kafka.protocol.producer import EndTxnRequest, EndTxnResponse, InitProducerIdRequest
from kafka.protocol.producer import InitProducerIdResponse, ProduceRequest, ProduceResponse
from kafka.protocol.producer import TxnOffsetCommitRequest, TxnOffsetCommitResponse
from kafka.record.default_records import DefaultRecordBatchBuilder

CONCURRENT_TRANSACTIONS = 51
RETRIABLE = {3, 5, 6, 7, 13, 14, 15, 16, 19, 20, CONCURRENT_TRANSACTIONS}
# The producer was replaced, or its transaction was ended for it: begin anew.
FENCED = {47, 48, 49, 67, 90, 120}


class Fenced(Exception):
    """The broker will take nothing more from this producer and epoch."""


class SecondProtocolProducer:
    def __init__(self, address: str, transactional_id: str, timeout_ms=60_000, patience=120):
        host, port = address.rsplit(":", 1)
        self.place = (host, int(port))
        self.transactional_id = transactional_id
        self.timeout_ms, self.patience = timeout_ms, patience
        self.producer_id, self.epoch = -1, -1
        self.sequences = {}
        self.socket = None
        self.correlation = 0

    # The connection

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _read(self, count: int) -> bytes:
        parts = b""
        while len(parts) < count:
            part = self.socket.recv(count - len(parts))
            if not part:
                raise ConnectionError("the broker closed the connection")
            parts += part
        return parts

    def ask_once(self, request, response):
        """One request and its answer, or ConnectionError: then nobody knows what became of it."""
        try:
            self.send_only(request)
            return self.receive(request, response)
        except OSError as error:
            self.close()
            raise ConnectionError(str(error)) from error

    def send_only(self, request):
        if self.socket is None:
            self.socket = socket.create_connection(self.place, timeout=30)
        self.correlation += 1
        request.with_header(correlation_id=self.correlation, client_id="second")
        self.socket.sendall(request.encode(header=True, framed=True))

    def receive(self, request, response):
        """The next answer on the connection."""
        size, = struct.unpack(">i", self._read(4))
        return response.decode(self._read(size), version=request.API_VERSION, header=True)

    def ask(self, make, response, code):
        """Asks until there is an answer that is not to be tried again; gives it."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                answer = self.ask_once(make(), response)
                error = code(answer)
                if error == 0:
                    return answer
                if error in FENCED:
                    raise Fenced(error)
                if error not in RETRIABLE:
                    raise AssertionError(f"{type(answer).__name__}: error {error}")
            except ConnectionError:
                pass
            if time.monotonic() > deadline:
                raise AssertionError(f"no answer within {self.patience} s")
            time.sleep(0.01)

    # Transactions

    def begin(self):
        """An id and an epoch; whoever had this transactional id before is fenced."""
        answer = self.ask(
            lambda: InitProducerIdRequest[5](
                transactional_id=self.transactional_id,
                transaction_timeout_ms=self.timeout_ms, producer_id=-1, producer_epoch=-1),
            InitProducerIdResponse, lambda answer: answer.error_code)
        self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        self.sequences = {}

    def send(self, topic: str, partition: int, values: list) -> int:
        """Appends the values to the open transaction; tried again as the same batch."""
        sequence = self.sequences.get((topic, partition), 0)
        builder = DefaultRecordBatchBuilder(
            2, 0, 1, self.producer_id, self.epoch, sequence, 1 << 20)
        now = int(time.time() * 1000)
        for index, value in enumerate(values):
            builder.append(index, now, None, value, [])
        batch = bytes(builder.build())

        def request():
            place = ProduceRequest.TopicProduceData(
                name=topic, partition_data=[
                    ProduceRequest.TopicProduceData.PartitionProduceData(
                        index=partition, records=batch)])
            return ProduceRequest[12](
                transactional_id=self.transactional_id, acks=-1, timeout_ms=30_000,
                topic_data=[place])

        answer = self.ask(
            request, ProduceResponse,
            lambda answer: answer.responses[0].partition_responses[0].error_code)
        self.sequences[topic, partition] = sequence + len(values)
        return answer.responses[0].partition_responses[0].base_offset

    def commit_offsets(self, group: str, topic: str, offsets: dict):
        """Makes a group's offsets, by partition, a part of the transaction."""
        def request():
            return TxnOffsetCommitRequest[5](
                transactional_id=self.transactional_id, group_id=group,
                producer_id=self.producer_id, producer_epoch=self.epoch, generation_id=-1,
                member_id="", group_instance_id=None, topics=[
                    TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic(name=topic, partitions=[
                        TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic
                        .TxnOffsetCommitRequestPartition(
                            partition_index=partition, committed_offset=offset,
                            committed_leader_epoch=-1, committed_metadata="")
                        for partition, offset in offsets.items()])])

        self.ask(
            request, TxnOffsetCommitResponse,
            lambda answer: max(p.error_code for t in answer.topics for p in t.partitions))

    def end(self, commit: bool):
        """Commits or aborts; the next transaction has the next epoch."""
        answer = self.ask(
            lambda: EndTxnRequest[5](
                transactional_id=self.transactional_id, producer_id=self.producer_id,
                producer_epoch=self.epoch, committed=commit),
            EndTxnResponse, lambda answer: answer.error_code)
        self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        self.sequences = {}
