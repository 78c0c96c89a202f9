"""Other clients than librdkafka's newest through every listener and mechanism."""

import ssl
import subprocess

import pytest
from clients import until
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from security import (  # noqa: F401 (two are fixtures)
    PASSWORD, PATIENCE_SECONDS, USER, WAYS, broker, files, kafka_python, librdkafka, token, topic_name)

# kafka-python

@pytest.mark.parametrize("listener,mechanism", WAYS)
def test_kafka_python_round_trip(broker, listener, mechanism):
    options = kafka_python(broker, listener, mechanism)
    topic = topic_name()
    producer = KafkaProducer(**options)
    assert producer.send(topic, b"value", b"key").get(PATIENCE_SECONDS).offset == 0
    producer.close()
    consumer = KafkaConsumer(topic, **options, group_id=topic, auto_offset_reset="earliest")
    records = until(lambda: consumer.poll(1000), "the record came back", PATIENCE_SECONDS)
    assert [record.value for batch in records.values() for record in batch] == [b"value"]
    consumer.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_kafka_python_wrong_password(broker, mechanism):
    with pytest.raises(Exception) as refused:
        KafkaAdminClient(**kafka_python(broker, "SASL_PLAINTEXT", mechanism, "wrong"),
                         request_timeout_ms=3000, bootstrap_timeout_ms=3000).list_topics()
    assert refused.value


# aiokafka

@pytest.mark.parametrize("listener,mechanism", WAYS)
def test_aiokafka_round_trip(broker, listener, mechanism):
    import asyncio

    import aiokafka
    from aiokafka.abc import AbstractTokenProvider as AsyncTokens

    class Provider(AsyncTokens):
        async def token(self):
            return token()

    async def run():
        protocol = {"MTLS": "SSL"}.get(listener, listener)
        options = {"bootstrap_servers": broker.address(listener), "security_protocol": protocol}
        if protocol.endswith("SSL"):
            context = ssl.create_default_context(cafile=broker.files("ca.pem"))
            if listener == "MTLS":
                context.load_cert_chain(broker.files("client.pem"), broker.files("client.key"))
            options["ssl_context"] = context
        if mechanism == "OAUTHBEARER":
            options |= {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": Provider()}
        elif mechanism:
            options |= {"sasl_mechanism": mechanism, "sasl_plain_username": USER, "sasl_plain_password": PASSWORD}
        topic = topic_name()
        producer = aiokafka.AIOKafkaProducer(**options)
        await producer.start()
        await producer.send_and_wait(topic, b"value")
        await producer.stop()
        consumer = aiokafka.AIOKafkaConsumer(topic, **options, auto_offset_reset="earliest")
        await consumer.start()
        record = await asyncio.wait_for(consumer.getone(), PATIENCE_SECONDS)
        assert record.value == b"value"
        await consumer.stop()

    asyncio.run(run())


# kcat, with Debian's old librdkafka

@pytest.mark.parametrize("listener,mechanism", [way for way in WAYS if way[1] != "OAUTHBEARER"])
def test_kcat_round_trip(broker, listener, mechanism):
    properties = librdkafka(broker, listener, mechanism)
    flags = [flag for name, value in properties.items() if name != "bootstrap.servers"
             for flag in ("-X", f"{name}={value}")]
    command = ["kcat", "-b", broker.address(listener), *flags]
    topic = topic_name()
    subprocess.run([*command, "-P", "-t", topic], input="value\n", text=True, check=True,
                   timeout=PATIENCE_SECONDS, capture_output=True)
    read = subprocess.run([*command, "-C", "-t", topic, "-o", "beginning", "-e", "-q"], text=True,
                          check=True, timeout=PATIENCE_SECONDS, capture_output=True)
    assert read.stdout == "value\n"
