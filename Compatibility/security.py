"""A broker with every kind of listener, its keys, users and tokens, and how clients are told of them."""

import base64
import hashlib
import hmac
import json
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass

import pytest
from conftest import start_stack
from kafka.net.sasl.oauth import AbstractTokenProvider

USER, PASSWORD = "alice", "alice-secret"
SECRET = "a secret of more than thirty-two bytes"
ISSUER, AUDIENCE = "https://issuer.example", "kafka"
MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
PATIENCE_SECONDS = 30


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def token(seconds=3600, secret=SECRET, subject="service", **claims) -> str:
    """A JSON Web Token of HS256."""
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    now = time.time()
    body = {"sub": subject, "iss": ISSUER, "aud": [AUDIENCE], "iat": now, "exp": now + seconds, **claims}
    signed = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(body)
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@dataclass
class Files:
    """Keys and certificates made for this run."""

    folder: object

    def __post_init__(self):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test CA",
                "-keyout", self("ca.key"), "-out", self("ca.pem"))
        self.issue("server", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.issue("client", "/O=Millrace/OU=Tests/CN=client", "extendedKeyUsage=clientAuth")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=stranger",
                "-keyout", self("stranger.key"), "-out", self("stranger.pem"))

    def __call__(self, name) -> str:
        return str(self.folder / name)

    def issue(self, name, subject, extension):
        self.folder.joinpath(f"{name}.ext").write_text(extension)
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", subject,
                "-keyout", self(f"{name}.key"), "-out", self(f"{name}.csr"))
        openssl("x509", "-req", "-in", self(f"{name}.csr"), "-CA", self("ca.pem"), "-CAkey", self("ca.key"),
                "-CAcreateserial", "-days", "2", "-extfile", self(f"{name}.ext"), "-out", self(f"{name}.pem"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return Files(tmp_path_factory.mktemp("certificates"))


class Broker:
    """A stack of a broker with every kind of listener."""

    def __init__(self, files, more="", keys=None):
        self.files = files
        self.ports = {name: free_port() for name in ("PLAINTEXT", "SSL", "MTLS", "SASL_PLAINTEXT", "SASL_SSL")}
        listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in self.ports.items())
        folder = files.folder
        folder.joinpath("users").write_text(f"# users\n{USER}:{PASSWORD}\nadmin:admin-secret\n")
        folder.joinpath("token-secret").write_text(SECRET + "\n")
        self.properties = folder / f"broker-{uuid.uuid4().hex}.properties"
        self.properties.write_text(
            f"""
            listeners={listeners}
            listener.security.protocol.map=MTLS:SSL
            ssl.certificate.location={files("server.pem")}
            ssl.key.location={files("server.key")}
            ssl.ca.location={files("ca.pem")}
            listener.name.mtls.ssl.client.auth=required
            sasl.users.file={files("users")}
            {keys or f"sasl.oauthbearer.secret.file={files('token-secret')}"}
            sasl.oauthbearer.expected.issuer={ISSUER}
            sasl.oauthbearer.expected.audience={AUDIENCE}
            {more}
            """)
        self.stack = start_stack("--only", "kafka", "--kafka", f"embedded:?config={self.properties}")

    def address(self, listener) -> str:
        return f"127.0.0.1:{self.ports[listener]}"


@pytest.fixture(scope="module")
def broker(files):
    started = Broker(files)
    yield started
    assert started.stack.stop() == 0


# How each way in is told to librdkafka: the listener, and the properties.
def librdkafka(broker, listener, mechanism=None, password=PASSWORD, **more) -> dict:
    properties = {"bootstrap.servers": broker.address(listener), **more}
    protocol = {"MTLS": "SSL"}.get(listener, listener)
    properties["security.protocol"] = protocol
    if protocol.endswith("SSL"):
        properties["ssl.ca.location"] = broker.files("ca.pem")
    if listener == "MTLS":
        properties["ssl.certificate.location"] = broker.files("client.pem")
        properties["ssl.key.location"] = broker.files("client.key")
    if mechanism == "OAUTHBEARER":
        properties.setdefault("oauth_cb", lambda _: (token(), time.time() + 3600))
    if mechanism:
        properties["sasl.mechanisms"] = mechanism
        if mechanism != "OAUTHBEARER":
            properties |= {"sasl.username": USER, "sasl.password": password}
    return properties


class Tokens(AbstractTokenProvider):
    def __init__(self, **config):
        super().__init__(**config)

    def token(self):
        return token()


def kafka_python(broker, listener, mechanism=None, password=PASSWORD) -> dict:
    protocol = {"MTLS": "SSL"}.get(listener, listener)
    options = {"bootstrap_servers": broker.address(listener), "security_protocol": protocol}
    if protocol.endswith("SSL"):
        options["ssl_cafile"] = broker.files("ca.pem")
    if listener == "MTLS":
        options |= {"ssl_certfile": broker.files("client.pem"), "ssl_keyfile": broker.files("client.key")}
    if mechanism == "OAUTHBEARER":
        options |= {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": Tokens()}
    elif mechanism:
        options |= {"sasl_mechanism": mechanism, "sasl_plain_username": USER, "sasl_plain_password": password}
    return options


WAYS = [("PLAINTEXT", None), ("SSL", None), ("MTLS", None)] + [
    (listener, mechanism) for listener in ("SASL_PLAINTEXT", "SASL_SSL") for mechanism in MECHANISMS]


def topic_name() -> str:
    return f"secure-{uuid.uuid4().hex[:8]}"
