"""Proxies that lose answers after the broker did the work, or hold requests on their way to it."""

import random
import socket
import struct
import threading

PRODUCE = 0


class Proxy:
    """Takes connections and makes one to the broker for each; a subclass says what passes."""

    def __init__(self):
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]

    def start(self, broker_port: int):
        self.broker_port = broker_port
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self.broker_port))
            except OSError:
                client.close()
                continue
            for end in (client, broker):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            keys = {}
            threading.Thread(target=self._requests, args=(client, broker, keys), daemon=True).start()
            threading.Thread(target=self._answers, args=(broker, client, keys), daemon=True).start()


class LossyProxy(Proxy):
    """Passes requests on; now and then, instead of an answer to Produce, it ends the connection.

    Clients are to find it as the advertised address. All that was in flight is sent again.
    """

    def __init__(self, seed: int, lost_share: float):
        super().__init__()
        self.random = random.Random(seed)
        self.lost_share = lost_share
        self.lost = 0
        self.answered = 0

    def _requests(self, client, broker, keys):
        """Notes which API each correlation id is of."""
        try:
            for frame in frames(client):
                key, _, correlation = struct.unpack_from(">hhi", frame, 4)
                keys[correlation] = key
                broker.sendall(frame)
        except OSError:
            pass
        shut(client, broker)

    def _answers(self, broker, client, keys):
        try:
            for frame in frames(broker):
                correlation, = struct.unpack_from(">i", frame, 4)
                if keys.pop(correlation, None) == PRODUCE and self._loses():
                    break
                client.sendall(frame)
        except OSError:
            pass
        shut(client, broker)

    def _loses(self) -> bool:
        with self.lock:
            loses = self.random.random() < self.lost_share
            self.lost += loses
            self.answered += not loses
            return loses


class HoldingProxy(Proxy):
    """Passes everything on; the next request of one API is kept until it is let go.

    One connection at a time is held; others pass.
    """

    def __init__(self, broker_port: int):
        super().__init__()
        self.key = None
        self.held = None
        self.is_held = threading.Event()
        self.start(broker_port)

    def hold(self, key: int):
        self.is_held.clear()
        with self.lock:
            self.key = key

    def wait_for_held(self, seconds=30):
        if not self.is_held.wait(seconds):
            raise AssertionError(f"no request to hold within {seconds} s")

    def release(self):
        with self.lock:
            (frame, broker), self.held = self.held, None
        broker.sendall(frame)

    def forget(self):
        with self.lock:
            self.held = None

    def _requests(self, client, broker, _):
        try:
            for frame in frames(client):
                key, = struct.unpack_from(">h", frame, 4)
                with self.lock:
                    holds = key == self.key
                    if holds:
                        self.key, self.held = None, (frame, broker)
                if holds:
                    self.is_held.set()
                else:
                    broker.sendall(frame)
        except OSError:
            pass
        shut(client, broker)

    def _answers(self, broker, client, _):
        try:
            for frame in frames(broker):
                client.sendall(frame)
        except OSError:
            pass
        shut(client, broker)


def frames(source: socket.socket):
    """Whole frames with their four bytes of length, until the connection ends."""
    reader = source.makefile("rb", buffering=1 << 16)
    while True:
        head = reader.read(4)
        if len(head) < 4:
            return
        size, = struct.unpack(">i", head)
        body = reader.read(size)
        if len(body) < size:
            return
        yield head + body


def shut(*sockets):
    for end in sockets:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        end.close()
