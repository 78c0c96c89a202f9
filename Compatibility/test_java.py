"""The Java client of Apache Kafka 4.3, as it stands on a class path: what each scenario in java/ has to see."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import start_stack
from java_tools import compiled

CONSUMER = "org.apache.kafka.clients.consumer."
NOT_SERVED = "UnsupportedVersionException"


@pytest.fixture(scope="module")
def java():
    return compiled()


@pytest.fixture(scope="module")
def broker():
    started = start_stack("--only", "kafka,registry")
    yield started
    assert started.stop() == 0


def test_idempotent_producers_with_each_codec(java, broker):
    seen = java.run("Codecs", broker.kafka)
    assert seen == {codec: {"last": 499, "right": 500} for codec in ("none", "gzip", "snappy", "lz4", "zstd")}


def test_where_consumers_begin(java, broker):
    seen = java.run("Reading", broker.kafka)
    assert seen["partitions"] == 2
    assert seen["too large"] == seen["too large for the topic"] == "RecordTooLargeException"
    for protocol in PROTOCOLS:
        assert seen[protocol] == {
            "by time": 2, "nothing by time": True, "from 3": "minus 1", "paused": 0, "from nowhere": "minus 4",
            "committed": 5, "listed": True, "latest": 5, "none": "NoOffsetForPartitionException",
            "by_duration:PT150S": 2}


# Transactions, in the second protocol (KIP-890)


def test_transactions(java, broker):
    seen = java.run("Transactions", broker.kafka)
    committed = [f"{letter}{number}" for number in (0, 2, 3, 5) for letter in "ab"]
    all_values = [f"{letter}{number}" for number in range(6) for letter in "ab"]
    assert seen["committed while one is open"] == committed
    assert seen["uncommitted while one is open"] == [*all_values, "open"]
    assert seen["committed"] == committed
    assert seen["other"] == ["other0", "other2", "other3", "other5"]
    # Each end raises the producer's epoch.
    assert seen["epochs"] == list(range(seen["epochs"][0], seen["epochs"][0] + 6))
    for group in ("copied", "copied by a group of KIP-848"):
        assert seen[group]["values"] == 12 and seen[group]["uncommitted"] == 24
        assert set(seen[group]["offsets"]) == {"0", "1"}


def test_fencing_and_hanging_transactions(java, broker):
    seen = java.run("Fencing", broker.kafka)
    assert seen["older"] == {"commit": "ProducerFencedException"}
    assert seen["fenced"]["send"] in ("ProducerFencedException", "InvalidProducerEpochException")
    listed = seen["open"]
    assert listed["ongoing"] == listed["by pattern"] and len(listed["ongoing"]) == 1
    assert (listed["state"], listed["partitions"], listed["timeout"]) == ("Ongoing", 1, 60000)
    assert seen["ended"] == 0, "a transaction that was ended by hand is still open"
    assert seen["too long"] == "KafkaException"  # the client's own name for a refused time-out
    assert seen["committed"] == ["of the newer"]


# Groups: their scenarios mostly wait for members' heartbeats, so they wait at the same time.

ASSIGNORS = {
    "range": {"client.partition.assignment.strategy": CONSUMER + "RangeAssignor"},
    "cooperative": {"client.partition.assignment.strategy": CONSUMER + "CooperativeStickyAssignor"},
    "server's uniform": {"client.group.protocol": "consumer"},
    "server's range": {"client.group.protocol": "consumer", "client.group.remote.assignor": "range"},
}
PROTOCOLS = ("classic", "consumer")


@pytest.fixture(scope="module")
def groups(java, broker):
    """What each scenario of groups saw, to come."""
    with ThreadPoolExecutor(max_workers=4) as threads:
        runs = {name: threads.submit(java.run, "Groups", broker.kafka, **options)
                for name, options in ASSIGNORS.items()}
        for protocol in PROTOCOLS:
            options = {"client.group.protocol": protocol}
            runs[protocol] = threads.submit(java.run, "StaticMembers", broker.kafka, **options)
        for scenario in ("Expressions", "Migration", "AdminGroups"):
            runs[scenario] = threads.submit(java.run, scenario, broker.kafka)
        yield {name: run.result for name, run in runs.items()}


@pytest.mark.parametrize("assignor", ASSIGNORS)
def test_members_join_and_leave(groups, assignor):
    seen = groups[assignor]()
    owned = seen["owned by three"]
    assert [len(places) for places in owned] == [4, 4, 4] and len(set(sum(owned, []))) == 12
    assert seen["again"] == 0, "a record came twice although all was committed"
    assert seen["lost"] == 0, "a member lost its partitions"
    if assignor != "range":  # members that stay keep what they need not give up
        assert "one revoked 12" not in seen["told"]


@pytest.mark.parametrize("protocol, double", [
    ("classic", "FencedInstanceIdException"), ("consumer", "UnreleasedInstanceIdException")])
def test_static_members(groups, protocol, double):
    seen = groups[protocol]()
    assert seen["the same"], "a member that came back got other partitions"
    assert seen["told meanwhile"] == ["two revoked 2", "two assigned 2"], "the other one noticed"
    assert seen["instances"] == ["one", "two"]
    assert seen["double"] == double


def test_a_group_changes_its_protocol(groups):
    assert groups["Migration"]() == {
        "at first": "Classic", "both": "Consumer", "at last": "Classic", "records": {"first": 1, "second": 1}}


def test_subscriptions_by_expression(groups):
    assert groups["Expressions"]() == {"server": 4, "invalid": "InvalidRegularExpression", "classic": 4, "consumer": 4}


def test_share_groups_are_refused(java, broker):
    assert java.run("Shares", broker.kafka) == {"error": NOT_SERVED}


# The administrator's client


def test_administration_of_topics(java, broker):
    seen = java.run("AdminTopics", broker.kafka)
    assert seen["made"] == {
        "before": False, "partitions": 3, "replicas": 1, "retention": "12345", "again": "TopicExistsException",
        "bad name": "InvalidTopicException", "three replicas": "InvalidReplicationFactorException",
        "bad setting": "InvalidConfigurationException", "fewer": "InvalidPartitionsException"}
    assert seen["described"] == {
        "partitions": 5, "by id": True, "leaders": [1], "operations": 8, "unknown": "UnknownTopicOrPartitionException",
        "unknown id": "UnknownTopicIdException", "listed": True}
    settings = seen["settings"]
    assert settings["own"] == {"cleanup.policy": "compact", "max.message.bytes": "2000"}
    assert settings["from the broker"] == "99999000" and settings["broker"]
    assert {"TOPIC", "BROKER"} <= set(settings["listed"]) and settings["bad"] == "InvalidConfigurationException"
    assert seen["offsets"] == {
        "earliest": 0, "latest": 4, "by time": 1, "too late": -1, "max timestamp": 1, "earliest local": 0,
        "latest tiered": -1, "earliest pending upload": -1, "low": 2, "beyond": "OffsetOutOfRangeException"}
    assert seen["deleted"] == {"again": "UnknownTopicOrPartitionException", "by id": "UnknownTopicIdException"}


def test_administration_of_groups(groups):
    both = groups["AdminGroups"]()
    for protocol, seen in both.items():
        assert (seen["state"], seen["type"]) == ("Stable", protocol.capitalize())
        assert seen["assignor"] == {"classic": "range", "consumer": "uniform"}[protocol]
        assert seen["assigned"] == [2, 2]
        # Among the stable ones and those of consumers; not among the empty ones and the share groups.
        assert seen["listed"] == [True, False, True, False]
        assert seen["delete while in use"] == "GroupNotEmptyException"
        assert seen["alter while in use"] == "UnknownMemberIdException"
        assert seen["offsets"] == {
            "set": [7, "seven", 8], "left": 7, "gone": True, "nobody": 0, "heartbeat": "500",
            "deleted": "GroupIdNotFoundException"}
    assert both["classic"]["as classic"] == 2 and both["classic"]["removed"] == "CommitFailedException"


def test_administration_of_the_cluster(java, broker):
    seen = java.run("AdminCluster", broker.kafka)
    assert (seen["nodes"], seen["controller"], seen["quorum"]) == ([1], 1, [1, 1, 0])
    assert seen["features"]["transaction.version"] == 2 and seen["feature"] == "InvalidUpdateVersionException"
    assert seen["log folder"] and seen["replica"] and seen["loggers"]
    assert seen["election"] == "ElectionNotNeededException"
    assert (seen["moves"], seen["move here"], seen["move away"], seen["stop a move"]) == (
        0, "none", "InvalidReplicaAssignmentException", "NoReassignmentInProgressException")
    assert seen["another folder"] == "LogDirNotFoundException"
    for what in ("unregister", "token", "tokens", "share groups", "streams groups", "add voter"):
        assert seen[what] == NOT_SERVED, what


@pytest.mark.parametrize("authorizer", ["none", "acls"])
def test_administration_of_access(java, authorizer):
    rules = "&super.users=User:ANONYMOUS" if authorizer == "acls" else ""
    own = start_stack("--only", "kafka", "--kafka", f"embedded:?port=0&authorizer={authorizer}{rules}")
    seen = java.run("AdminAccess", own.kafka)
    assert own.stop() == 0
    assert seen["quotas"] == {"producer_byte_rate": 1e6} and seen["quotas left"] == 0
    assert seen["bad quota"] == "InvalidRequestException"
    assert seen["user"] == ["SCRAM-SHA-512 4096"] and seen["user gone"] == "ResourceNotFoundException"
    if authorizer == "none":
        assert seen["rules"] == "SecurityDisabledException"
    else:
        assert (seen["rules"], seen["described rules"], seen["all rules"]) == ("none", True, True)
        assert (seen["deleted rules"], seen["rules left"]) == (1, 0)


def test_confluent_serializers(java, broker):
    seen = java.run("Serializers", broker.kafka, registry=broker.registry)
    assert seen["avro"] == ['{"name": "Ada"}', '{"name": "Bob", "age": 42}']
    assert seen["protobuf"] == ['name: "Cleo" numbers: 7']
    assert seen["versions"] == [1, 2] and seen["compatible"]
    assert seen["incompatible"] == "SerializationException" and seen["no subject"] == "RestClientException"
