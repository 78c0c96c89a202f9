"""TLS, SASL and ACLs with real clients: who gets in, who does not, and what each is told."""

import base64
import functools
import http.server
import json
import socket
import ssl
import struct
import threading
import time
import uuid

import pytest
from authlib.jose import JsonWebKey, jwt
from clients import until
from conftest import start_stack
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding, AclOperation, AclPermissionType, AdminClient, NewTopic, ResourcePatternType, ResourceType,
    ScramCredentialInfo, ScramMechanism, UserScramCredentialDeletion,
    UserScramCredentialUpsertion)
from kafka import KafkaAdminClient
from kafka.errors import ClusterAuthorizationFailedError
from security import (  # noqa: F401 (two are fixtures)
    AUDIENCE, ISSUER, PASSWORD, PATIENCE_SECONDS, USER, WAYS, Broker, broker, files, free_port, kafka_python,
    librdkafka, token, topic_name)


def round_trip(properties):
    """A record out and back by confluent-kafka."""
    topic = topic_name()
    producer = Producer(properties)
    failed = []
    producer.produce(topic, b"value", b"key", on_delivery=lambda error, _: error and failed.append(error))
    assert producer.flush(PATIENCE_SECONDS) == 0
    assert not failed
    consumer = Consumer({**properties, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        message = until(lambda: consumer.poll(1), "the record came back", PATIENCE_SECONDS)
        assert not message.error(), message.error()
        assert message.value() == b"value"
    finally:
        consumer.close()


# confluent-kafka

@pytest.mark.parametrize("listener,mechanism", WAYS)
def test_confluent_round_trip(broker, listener, mechanism):
    round_trip(librdkafka(broker, listener, mechanism))


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_confluent_wrong_password(broker, mechanism):
    errors = []
    admin = AdminClient(librdkafka(
        broker, "SASL_PLAINTEXT", mechanism, password="wrong", error_cb=errors.append))
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=3)
    until(lambda: admin.poll(0.1) or errors, "an error was told", PATIENCE_SECONDS)
    assert any(error.code() == KafkaError._AUTHENTICATION for error in errors), errors


def test_confluent_unknown_mechanism_and_user(broker):
    errors = []
    properties = librdkafka(broker, "SASL_PLAINTEXT", "SCRAM-SHA-512", error_cb=errors.append)
    admin = AdminClient({**properties, "sasl.username": "nobody"})
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=3)
    until(lambda: admin.poll(0.1) or errors, "an error was told", PATIENCE_SECONDS)
    assert any(error.code() == KafkaError._AUTHENTICATION for error in errors), errors


@pytest.mark.parametrize("bad", [
    token(secret="another secret of more than thirty-two bytes"), token(seconds=-10),
    token(iss="https://other.example"), token(aud="other"), token(subject=""), "no.token.at-all",
], ids=["signature", "expired", "issuer", "audience", "subject", "form"])
def test_confluent_bad_token(broker, bad):
    errors = []
    admin = AdminClient(librdkafka(
        broker, "SASL_PLAINTEXT", "OAUTHBEARER", error_cb=errors.append,
        oauth_cb=lambda _: (bad, time.time() + 3600)))
    admin.poll(0.1)
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=3)
    until(lambda: admin.poll(0.1) or errors, "an error was told", PATIENCE_SECONDS)
    assert any(error.code() == KafkaError._AUTHENTICATION for error in errors), errors


def test_a_failed_handshake_harms_nobody(broker):
    """Strangers' certificates, none at all, other protocols: refused, and the others go on."""
    for more in ({}, {"ssl.certificate.location": broker.files("stranger.pem"),
                      "ssl.key.location": broker.files("stranger.key")}):
        properties = {**librdkafka(broker, "SSL"), "bootstrap.servers": broker.address("MTLS"), **more}
        with pytest.raises(KafkaException):
            AdminClient(properties).list_topics(timeout=3)
    with pytest.raises(KafkaException):
        AdminClient({"bootstrap.servers": broker.address("SSL")}).list_topics(timeout=2)
    for listener in ("SSL", "MTLS", "SASL_SSL", "SASL_PLAINTEXT"):
        with socket.create_connection(("127.0.0.1", broker.ports[listener]), timeout=10) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
            ended = b""
            try:
                while chunk := raw.recv(4096):
                    ended += chunk
            except ConnectionResetError:
                pass
            assert b"HTTP" not in ended
    round_trip(librdkafka(broker, "MTLS"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_versions_and_resumption(broker, version):
    """TLS 1.2 and 1.3 with a client's certificate, and the same session a second time."""
    context = ssl.create_default_context(cafile=broker.files("ca.pem"))
    context.load_cert_chain(broker.files("client.pem"), broker.files("client.key"))
    context.minimum_version = context.maximum_version = version
    # ApiVersions 0, correlation id 7, no client id.
    request = bytes.fromhex("0000000a0012000000000007ffff")
    session = None
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", broker.ports["MTLS"]), timeout=10) as raw:
            with context.wrap_socket(raw, server_hostname="localhost", session=session) as secure:
                secure.sendall(request)
                size = int.from_bytes(secure.recv(4), "big")
                assert size > 6
                assert secure.recv(4) == b"\0\0\0\7"
                session = secure.session


def test_confluent_reauthentication(files):
    """Sessions of two seconds, a client of six: it logs in again on its connection, nothing fails."""
    broker = Broker(files, "connections.max.reauth.ms=2000")
    try:
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"):
            errors, topic = [], topic_name()
            producer = Producer(librdkafka(
                broker, "SASL_PLAINTEXT", mechanism, error_cb=errors.append))
            delivered = []
            for number in range(12):
                producer.produce(
                    topic, str(number).encode(), on_delivery=lambda error, _: delivered.append(error))
                producer.flush(PATIENCE_SECONDS)
                # Sessions live by the clock: three seconds of sending outlive one of two seconds, however
                # fast or slow the machine is.
                time.sleep(0.25)
            assert delivered == [None] * 12
            assert not errors, errors
    finally:
        assert broker.stack.stop() == 0


@pytest.mark.parametrize("kind", ["jwks", "url", "RSA", "P-256", "unsecured"])
def test_tokens_of_other_keys(files, kind):
    """A key set by file and by URL, public keys in PEM, and no signature where that is allowed; strangers' keys are
    refused."""
    server = None
    claims = {"sub": "service", "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 3600}
    own, other = [
        JsonWebKey.generate_key("EC" if kind == "P-256" else "RSA", "P-256" if kind == "P-256" else 2048,
                                options={"kid": "k1"}, is_private=True) for _ in range(2)]
    algorithm = "ES256" if kind == "P-256" else "RS256"
    signed = [jwt.encode({"alg": algorithm, "kid": "k1"}, claims, key).decode() for key in (own, other)]
    if kind in ("jwks", "url"):
        public = {**own.as_dict(is_private=False), "kid": "k1", "alg": "RS256"}
        files.folder.joinpath("jwks").write_text(json.dumps({"keys": [public]}))
        keys = f"sasl.oauthbearer.jwks.location={files('jwks')}"
        if kind == "url":
            handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=files.folder)
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            keys = f"sasl.oauthbearer.jwks.endpoint.url=http://127.0.0.1:{server.server_port}/jwks"
    elif kind == "unsecured":
        keys = "sasl.oauthbearer.unsecured=true"
        part = [base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
                for value in ({"alg": "none"}, claims)]
        signed[0] = ".".join([*part, ""])
    else:
        files.folder.joinpath("token.pem").write_bytes(own.as_pem(is_private=False))
        keys = f"sasl.oauthbearer.public.key.location={files('token.pem')}"
    broker = Broker(files, keys=keys)
    try:
        def ask(given):
            admin = AdminClient(librdkafka(
                broker, "SASL_SSL", "OAUTHBEARER", oauth_cb=lambda _: (given, time.time() + 3600)))
            admin.poll(0.1)
            return admin.list_topics(timeout=4)

        assert ask(signed[0]).brokers
        with pytest.raises(KafkaException):
            ask(signed[1])
    finally:
        assert broker.stack.stop() == 0
        if server:
            server.shutdown()
            server.server_close()


def test_a_new_certificate_is_taken_while_it_runs(files):
    files.issue("changing", "/CN=before", "subjectAltName=IP:127.0.0.1")
    broker = Broker(files, f"listener.name.ssl.ssl.certificate.location={files('changing.pem')}\n"
                           f"listener.name.ssl.ssl.key.location={files('changing.key')}")
    context = ssl.create_default_context(cafile=files("ca.pem"))

    def name():
        with socket.create_connection(("127.0.0.1", broker.ports["SSL"]), timeout=10) as raw:
            with context.wrap_socket(raw, server_hostname="127.0.0.1") as secure:
                return dict(pair[0] for pair in secure.getpeercert()["subject"])["commonName"]

    try:
        assert name() == "before"
        files.issue("changing", "/CN=after", "subjectAltName=IP:127.0.0.1")
        until(lambda: name() == "after", "the new certificate is served", PATIENCE_SECONDS)
    finally:
        assert broker.stack.stop() == 0


def test_confluent_scram_admin(broker):
    """A user is made, described, logs in, gets another password, and is gone."""
    admin = AdminClient(librdkafka(broker, "SASL_SSL", "PLAIN"))
    name = f"user-{uuid.uuid4().hex[:6]}"
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192)

    def alter(*changes):
        for future in admin.alter_user_scram_credentials(list(changes)).values():
            future.result(PATIENCE_SECONDS)

    def login(password):
        properties = librdkafka(broker, "SASL_PLAINTEXT", "SCRAM-SHA-512", password)
        AdminClient({**properties, "sasl.username": name}).list_topics(timeout=3)

    with pytest.raises(KafkaException) as missing:
        admin.describe_user_scram_credentials([name])[name].result(PATIENCE_SECONDS)
    assert missing.value.args[0].code() == KafkaError.RESOURCE_NOT_FOUND
    alter(UserScramCredentialUpsertion(name, info, b"first-password"))
    described = admin.describe_user_scram_credentials([name])[name].result(PATIENCE_SECONDS)
    assert [(each.mechanism, each.iterations) for each in described.scram_credential_infos] == [
        (ScramMechanism.SCRAM_SHA_512, 8192)]
    login("first-password")
    alter(UserScramCredentialUpsertion(name, info, b"second-password"))
    login("second-password")
    with pytest.raises(KafkaException):
        login("first-password")
    with pytest.raises(KafkaException) as few:
        alter(UserScramCredentialUpsertion(name, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 100), b"x"))
    assert few.value.args[0].code() == KafkaError.UNACCEPTABLE_CREDENTIAL
    everyone = admin.describe_user_scram_credentials().result(PATIENCE_SECONDS)
    assert {name, USER} <= set(everyone)
    alter(UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_512))
    with pytest.raises(KafkaException) as gone:
        alter(UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_512))
    assert gone.value.args[0].code() == KafkaError.RESOURCE_NOT_FOUND


def test_acls_know_each_client_by_its_own_name(files):
    """A certificate's subject, a user and a token's subject: each may do what an ACL gives it."""
    broker = Broker(files, "authorizer=acls\nsuper.users=User:admin")
    try:
        admin = AdminClient({
            **librdkafka(broker, "SASL_SSL", "PLAIN", "admin-secret"), "sasl.username": "admin"})
        ways = {
            "User:CN=client,OU=Tests,O=Millrace": ("MTLS", None), "User:alice": ("SASL_SSL", "SCRAM-SHA-256"),
            "User:service": ("SASL_PLAINTEXT", "OAUTHBEARER"), "User:ANONYMOUS": ("SSL", None)}
        for principal, way in ways.items():
            topic = topic_name()
            for future in admin.create_topics([NewTopic(topic, 1)]).values():
                future.result(PATIENCE_SECONDS)
            properties = librdkafka(broker, *way)

            def produce():
                answers = []
                producer = Producer({**properties, "enable.idempotence": False, "message.timeout.ms": 8000})
                producer.produce(topic, b"value", on_delivery=lambda error, _: answers.append(error))
                producer.flush(PATIENCE_SECONDS)
                return answers[0]

            refused = produce()
            assert refused is not None and refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, refused
            acl = AclBinding(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, principal, "*",
                             AclOperation.WRITE, AclPermissionType.ALLOW)
            for future in admin.create_acls([acl]).values():
                future.result(PATIENCE_SECONDS)
            assert produce() is None
        # librdkafka 2.16 ends the process on this answer (invalid free), so another client asks.
        alice = KafkaAdminClient(**kafka_python(broker, "SASL_SSL", "PLAIN"))
        with pytest.raises(ClusterAuthorizationFailedError):
            alice.describe_user_scram_credentials()
        alice.close()
    finally:
        assert broker.stack.stop() == 0


def test_slow_readers_take_no_memory(files):
    """Many clients that ask for all there is and read nothing; memory stays, and others are served."""
    broker = Broker(files)
    try:
        topic, properties = topic_name(), librdkafka(broker, "PLAINTEXT")
        producer = Producer({**properties, "linger.ms": 5})
        for _ in range(64):
            producer.produce(topic, bytes(900_000))
            producer.poll(0)
        assert producer.flush(PATIENCE_SECONDS) == 0
        before = resident_megabytes(broker)
        name = topic.encode()
        # Fetch 4: no replica, 1 s, 1 byte at least, 50 MiB at most, one partition from offset 0.
        body = struct.pack(">hhih", 1, 4, 9, -1) + struct.pack(">iiiib", -1, 1000, 1, 50 << 20, 0)
        body += struct.pack(">ih", 1, len(name)) + name + struct.pack(">iiqi", 1, 0, 0, 50 << 20)
        context = ssl.create_default_context(cafile=broker.files("ca.pem"))
        slow = []
        try:
            for listener in ["PLAINTEXT", "SSL"] * 40:
                client = socket.create_connection(("127.0.0.1", broker.ports[listener]), timeout=10)
                if listener == "SSL":
                    client = context.wrap_socket(client, server_hostname="localhost")
                client.sendall(struct.pack(">i", len(body)) + body)
                slow.append(client)
            round_trip(properties)
            # 80 answers of 50 MiB are 4 GB.
            assert resident_megabytes(broker) - before < 700
        finally:
            for client in slow:
                client.close()
        round_trip(librdkafka(broker, "SSL"))
    finally:
        assert broker.stack.stop() == 0


def resident_megabytes(broker) -> int:
    with open(f"/proc/{broker.stack.process.pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


# The stack around a broker that asks who one is

def test_the_pipeline_runs_beside_a_demanding_broker(files):
    """The stack's own clients come by the listener of their own, whatever the first one demands."""
    stack = start_stack(
        "--kafka", f"embedded:?listeners=SASL_SSL://127.0.0.1:{free_port()}"
        f"&ssl.certificate.location={files('server.pem')}&ssl.key.location={files('server.key')}"
        "&authorizer=acls", env={"MILLRACE_KAFKA_USERS": f"{USER}:{PASSWORD}"})
    try:
        assert "security.protocol=SASL_SSL" in stack.addresses["kafka"]
        assert "millrace" not in stack.addresses["kafka"]
        import urllib.request
        with urllib.request.urlopen(f"{stack.registry}/subjects", timeout=10) as answer:
            assert json.load(answer)
    finally:
        assert stack.stop() == 0
