"""The Java client behind TLS, SASL and ACLs: who gets in, and what who does not is told."""

import json

import pytest
from java_tools import compiled
from security import PASSWORD, USER, Broker, Files, token

MODULES = "org.apache.kafka.common.security."
RULED = "authorizer=acls\nsuper.users=User:admin"


@pytest.fixture(scope="module")
def java():
    return compiled()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    made = Files(tmp_path_factory.mktemp("certificates"))
    made.folder.joinpath("token").write_text(token())
    made.folder.joinpath("forged").write_text(token(secret="another secret of thirty-two bytes or more"))
    keys = [made.folder.joinpath(name).read_text() for name in ("client.key", "client.pem")]
    made.folder.joinpath("client-store.pem").write_text("".join(keys))
    return made


def jaas(mechanism, user=USER, password=PASSWORD) -> str:
    module = "plain.PlainLoginModule" if mechanism == "PLAIN" else "scram.ScramLoginModule"
    return f'{MODULES}{module} required username="{user}" password="{password}";'


def login(broker, listener, mechanism=None, password=PASSWORD, **more) -> dict:
    """Properties of a client that comes in by this listener."""
    protocol = {"MTLS": "SSL"}.get(listener, listener)
    properties = {"bootstrap.servers": broker.address(listener), "security.protocol": protocol}
    if protocol.endswith("SSL"):
        properties |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": broker.files("ca.pem")}
    if mechanism == "OAUTHBEARER":
        properties |= {
            "sasl.mechanism": mechanism,
            "sasl.jaas.config": f"{MODULES}oauthbearer.OAuthBearerLoginModule required;",
            "sasl.login.callback.handler.class": f"{MODULES}oauthbearer.OAuthBearerLoginCallbackHandler",
            "sasl.oauthbearer.jwt.retriever.class": f"{MODULES}oauthbearer.FileJwtRetriever",
            "sasl.oauthbearer.token.endpoint.url": f"file://{broker.files('token')}"}
    elif mechanism:
        properties |= {"sasl.mechanism": mechanism, "sasl.jaas.config": jaas(mechanism, password=password)}
    return properties | {name.replace("_", "."): value for name, value in more.items()}


def test_ways_in(java, files):
    broker = Broker(files)
    logins = {
        "TLS": login(broker, "SSL"),
        "client's certificate": login(
            broker, "MTLS", ssl_keystore_type="PEM", ssl_keystore_location=files("client-store.pem")),
        "PLAIN": login(broker, "SASL_PLAINTEXT", "PLAIN"),
        "SCRAM-SHA-256": login(broker, "SASL_SSL", "SCRAM-SHA-256"),
        "SCRAM-SHA-512": login(broker, "SASL_PLAINTEXT", "SCRAM-SHA-512"),
        "token": login(broker, "SASL_SSL", "OAUTHBEARER"),
        "no certificate": login(broker, "MTLS"),
        "another authority": login(broker, "SSL", ssl_truststore_location=files("stranger.pem")),
        "PLAIN, wrong": login(broker, "SASL_SSL", "PLAIN", "wrong"),
        "SCRAM, wrong": login(broker, "SASL_PLAINTEXT", "SCRAM-SHA-256", "wrong"),
        "forged token": login(
            broker, "SASL_SSL", "OAUTHBEARER",
            sasl_oauthbearer_token_endpoint_url=f"file://{files('forged')}"),
    }
    allowed = ",".join(f"file://{files(name)}" for name in ("token", "forged"))
    files_allowed = ",".join(files(name) for name in ("token", "forged"))
    seen = java.run(
        "Logins", "none", logins=json.dumps(logins),
        flags=(f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={allowed}",
               f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.files={files_allowed}"))
    assert broker.stack.stop() == 0
    for way in ("TLS", "client's certificate", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "token"):
        assert seen[way] == "in", way
    for way in ("no certificate", "another authority"):
        assert seen[way] == "SslAuthenticationException", way
    for way in ("PLAIN, wrong", "SCRAM, wrong", "forged token"):
        assert seen[way] == "SaslAuthenticationException", way


def test_what_one_may_not_do(java, files):
    broker = Broker(files, more=RULED)
    options = login(broker, "SASL_PLAINTEXT", "SCRAM-SHA-256")
    seen = java.run(
        "Denied", broker.address("SASL_PLAINTEXT"),
        administrator=jaas("SCRAM-SHA-256", "admin", "admin-secret"),
        **{f"client.{name}": value for name, value in options.items()})
    assert broker.stack.stop() == 0
    denied = "TopicAuthorizationException"
    assert seen["create"] == denied and seen["send"] == denied
    assert seen["describe"] == denied and not seen["listed"]
    # The client's own name for an id to which it was told no topic's name.
    assert seen["describe by id"] == "UnknownTopicIdException"
    assert seen["rules"] == "ClusterAuthorizationException"
    assert seen["transaction"] == "TransactionalIdAuthorizationException"
    assert seen["send with the right"] == "none"
    assert seen["read without the group"] == "GroupAuthorizationException"
    assert seen["read with the rights"] == "none"
    assert seen["read with the rights as of KIP-848"] == "none"
    assert seen["read"] in (denied, "GroupAuthorizationException")
    assert seen["read as of KIP-848"] in (denied, "GroupAuthorizationException")
