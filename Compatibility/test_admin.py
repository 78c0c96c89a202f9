"""The broker as admin clients see it: confluent-kafka, kafka-python and aiokafka; and who may do what."""

import asyncio
import socket
import time
import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin import NewPartitions as AioPartitions
from aiokafka.admin import NewTopic as AioTopic
from aiokafka.admin.config_resource import ConfigResource as AioResource
from aiokafka.admin.config_resource import ConfigResourceType as AioResourceType
from conftest import start_stack
from confluent_kafka import (
    Consumer, ElectionType, KafkaError, KafkaException, Producer, TopicCollection, TopicPartition)
from confluent_kafka.admin import (
    AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient, AlterConfigOpType,
    ConfigEntry, ConfigResource, NewPartitions, NewTopic, ResourcePatternType, ResourceType)
from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaPythonPartition
from kafka import TopicPartitionReplica as KafkaPythonReplica
from kafka.admin import ConfigResource as KafkaPythonResource
from kafka.admin import ConfigResourceType as KafkaPythonResourceType
from kafka.admin import NewTopic as KafkaPythonTopic
from kafka.errors import (
    ClusterAuthorizationFailedError, ElectionNotNeededError, InvalidReplicationFactorError,
    InvalidTopicError, LogDirNotFoundError, NoError, NoReassignmentInProgressError, TopicAlreadyExistsError,
    TopicAuthorizationFailedError, UnknownTopicOrPartitionError)

WAIT = 20
ADMIN, ALICE, PASSWORD = "admin", "alice", "secret-of-tests"


def fresh(prefix="t"):
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(check, what):
    deadline = time.monotonic() + WAIT
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"it never came to this: {what}"
        time.sleep(0.02)


def code_of(future):
    with pytest.raises(KafkaException) as caught:
        future.result(WAIT)
    return caught.value.args[0].code()


@pytest.fixture
def confluent(stack):
    return AdminClient({"bootstrap.servers": stack.kafka})


@pytest.fixture
def python(stack):
    client = KafkaAdminClient(bootstrap_servers=stack.kafka)
    yield client
    client.close()


def made(admin, partitions=1, **config):
    name = fresh()
    settings = {key.replace("_", "."): value for key, value in config.items()}
    admin.create_topics([NewTopic(name, partitions, 1, config=settings)])[name].result(WAIT)
    return name


def settings_of(admin, kind, name):
    resource = ConfigResource(kind, name)
    return admin.describe_configs([resource])[resource].result(WAIT)


def changed(admin, kind, name, *changes):
    """Each change is a name, a value and an operation."""
    resource = ConfigResource(kind, name, incremental_configs=[
        ConfigEntry(key, value, incremental_operation=operation) for key, value, operation in changes])
    return admin.incremental_alter_configs([resource])[resource]


class TestConfluent:
    """What confluent-kafka-python's own integration tests expect of a broker."""

    def test_list_settings_begin_with_their_default(self, confluent):
        SET, DELETE = AlterConfigOpType.SET, AlterConfigOpType.DELETE
        one, other = made(confluent, compression_type="gzip"), made(confluent, compression_type="gzip")

        def own(topic):
            found = settings_of(confluent, ResourceType.TOPIC, topic)
            return {key: entry.value for key, entry in found.items() if not entry.is_default}

        changed(confluent, ResourceType.TOPIC, one, ("cleanup.policy", "compact", AlterConfigOpType.APPEND),
                ("retention.ms", "10000", SET)).result(WAIT)
        changed(confluent, ResourceType.TOPIC, other,
                ("cleanup.policy", "delete", AlterConfigOpType.SUBTRACT),
                ("retention.ms", "5000", SET)).result(WAIT)
        assert own(one) == {
            "cleanup.policy": "delete,compact", "compression.type": "gzip", "retention.ms": "10000"}
        assert own(other) == {"cleanup.policy": "", "compression.type": "gzip", "retention.ms": "5000"}
        changed(confluent, ResourceType.TOPIC, other, ("compression.type", None, DELETE),
                ("retention.ms", "10000", SET)).result(WAIT)
        assert own(other) == {"cleanup.policy": "", "retention.ms": "10000"}

    def test_settings_are_replaced_by_alter_configs(self, confluent):
        topic = made(confluent, compression_type="gzip")
        resource = ConfigResource(ResourceType.TOPIC, topic, set_config={
            "file.delete.delay.ms": "12345", "compression.type": "snappy"})
        confluent.alter_configs([resource])[resource].result(WAIT)
        found = settings_of(confluent, ResourceType.TOPIC, topic)
        assert found["file.delete.delay.ms"].value == "12345"
        assert found["compression.type"].value == "snappy"

    def test_groups_have_settings(self, confluent):
        group = fresh("g")
        changed(confluent, ResourceType.GROUP, group,
                ("consumer.session.timeout.ms", "50000", AlterConfigOpType.SET)).result(WAIT)
        found = settings_of(confluent, ResourceType.GROUP, group)
        assert [e.value for e in found.values() if not e.is_default] == ["50000"]

    def test_invalid_values_have_their_error(self, confluent):
        topic = made(confluent)
        SET = AlterConfigOpType.SET
        bad = changed(confluent, ResourceType.TOPIC, topic, ("retention.ms", "soon", SET))
        assert code_of(bad) == KafkaError.INVALID_CONFIG
        bad = changed(confluent, ResourceType.BROKER, "1", ("num.partitions", "7", SET))
        assert code_of(bad) == KafkaError.INVALID_REQUEST

    def test_replicas_can_be_assigned(self, confluent):
        good, bad = fresh(), fresh()
        futures = confluent.create_topics([
            NewTopic(good, 2, replica_assignment=[[1], [1]]),
            NewTopic(bad, 2, replica_assignment=[[1], [2]])])
        futures[good].result(WAIT)
        assert code_of(futures[bad]) == KafkaError.INVALID_REPLICA_ASSIGNMENT
        more = confluent.create_partitions([NewPartitions(good, 4, replica_assignment=[[1], [1]])])
        more[good].result(WAIT)
        again = confluent.create_partitions([NewPartitions(good, 5)], validate_only=True)
        again[good].result(WAIT)
        assert len(confluent.list_topics(good, timeout=WAIT).topics[good].partitions) == 4

    @pytest.mark.parametrize("kind", [ElectionType.PREFERRED, ElectionType.UNCLEAN])
    def test_no_election_is_needed(self, confluent, kind):
        topic = made(confluent, partitions=2)
        partitions = [TopicPartition(topic, 0), TopicPartition(topic, 1)]
        found = confluent.elect_leaders(kind, partitions).result(WAIT)
        assert [found[p].code() for p in partitions] == [KafkaError.ELECTION_NOT_NEEDED] * 2
        unknown = TopicPartition(fresh(), 0)
        found = confluent.elect_leaders(kind, [unknown]).result(WAIT)
        assert found[unknown].code() == KafkaError.UNKNOWN_TOPIC_OR_PART

    def test_operations_are_told_when_asked_for(self, confluent):
        topic = made(confluent)
        described = confluent.describe_topics(
            TopicCollection([topic]), include_authorized_operations=True)[topic].result(WAIT)
        assert AclOperation.READ in described.authorized_operations
        assert AclOperation.DELETE in described.authorized_operations
        quiet = confluent.describe_topics(TopicCollection([topic]))[topic].result(WAIT)
        assert quiet.authorized_operations is None
        cluster = confluent.describe_cluster(include_authorized_operations=True).result(WAIT)
        assert AclOperation.ALTER_CONFIGS in cluster.authorized_operations

    def test_without_an_authorizer_there_are_no_acls(self, confluent):
        rule = AclBinding(
            ResourceType.TOPIC, fresh(), ResourcePatternType.LITERAL, "User:a", "*",
            AclOperation.READ, AclPermissionType.ALLOW)
        assert code_of(confluent.create_acls([rule])[rule]) == KafkaError.SECURITY_DISABLED


class TestKafkaPython:
    """What kafka-python's own admin tests expect of a broker."""

    def test_quorum(self, python):
        found = python.describe_metadata_quorum()
        partition = found["topics"][0]["partitions"][0]
        assert partition["error"] is None
        assert partition["leader_id"] == 1 and partition["leader_epoch"] >= 1
        assert [v["replica_id"] for v in partition["current_voters"]] == [1]
        assert partition["observers"] == []
        assert [n["node_id"] for n in found["nodes"]] == [1]

    def test_features(self, python):
        found = python.describe_features()
        assert found["transaction.version"]["finalized"] == (2, 2)
        assert found["group.version"]["finalized"] == (1, 1)
        assert found["metadata.version"]["finalized_epoch"] > 0
        assert python.update_features({"transaction.version": 2}) == {"transaction.version": "OK"}
        assert python.update_features(
            {"transaction.version": ("SAFE_DOWNGRADE", 1)}, validate_only=True
        ) == {"transaction.version": "OK"}
        assert python.describe_features()["transaction.version"]["finalized"] == (2, 2)

    def test_elections_and_moves(self, python):
        topic = fresh()
        python.create_topics([KafkaPythonTopic(topic, 2, 1)])
        found = python.elect_leaders(0, {topic: [0, 1]})
        codes = [p.error_code for r in found.replica_election_results for p in r.partition_result]
        assert codes == [ElectionNotNeededError.errno] * 2
        zero, one = KafkaPythonPartition(topic, 0), KafkaPythonPartition(topic, 1)
        moved = python.alter_partition_reassignments({zero: [1], one: None})
        assert moved == {zero: None, one: NoReassignmentInProgressError}
        assert python.list_partition_reassignments() == {}

    def test_topics(self, python):
        topic = fresh()
        python.create_topics([KafkaPythonTopic(topic, 3, 1)])
        with pytest.raises(TopicAlreadyExistsError):
            python.create_topics([KafkaPythonTopic(topic, 3, 1)])
        with pytest.raises(InvalidReplicationFactorError):
            python.create_topics([KafkaPythonTopic(fresh(), 1, 2)])
        with pytest.raises(InvalidTopicError):
            python.create_topics([KafkaPythonTopic("a b", 1, 1)])
        first = python.describe_topic_partitions([topic], response_partition_limit=2)
        assert [p["partition_index"] for p in first["topics"][0]["partitions"]] == [0, 1]
        rest = python.describe_topic_partitions(
            [topic], response_partition_limit=2, cursor=first["next_cursor"])
        assert [p["partition_index"] for p in rest["topics"][0]["partitions"]] == [2]
        assert rest["next_cursor"] is None
        python.create_partitions({topic: 5})
        assert len(python.describe_topics([topic])[0]["partitions"]) == 5
        python.delete_topics([topic])
        with pytest.raises(UnknownTopicOrPartitionError):
            python.delete_topics([topic])

    def test_broker_settings(self, python):
        def broker(which="all"):
            found = python.describe_configs(
                [KafkaPythonResource(KafkaPythonResourceType.BROKER, "1")], config_filter=which)
            return found["broker"]["1"]

        everything = broker()
        assert everything["process.roles"]["value"] == "broker,controller"
        assert everything["node.id"]["read_only"] is True
        assert everything["log.retention.ms"]["read_only"] is False
        name = "log.segment.delete.delay.ms"
        answer = python.alter_configs([
            KafkaPythonResource(KafkaPythonResourceType.BROKER, "1", {name: "61000"})])
        assert answer == {"broker": {"1": "OK"}}
        assert broker("modified")[name]["value"] == "61000"
        topic = fresh()
        python.create_topics([KafkaPythonTopic(topic, 1, 1)])
        found = python.describe_configs(
            [KafkaPythonResource(KafkaPythonResourceType.TOPIC, topic)], config_filter="all")
        assert found["topic"][topic]["file.delete.delay.ms"]["value"] == "61000"
        python.alter_configs([
            KafkaPythonResource(KafkaPythonResourceType.BROKER, "1", {name: ("DELETE", None)})])
        assert name not in broker("modified")

    def test_what_has_settings(self, python):
        topic = fresh()
        python.create_topics([KafkaPythonTopic(topic, 1, 1)])
        found = python.list_config_resources()
        assert topic in found["topic"] and found["broker"] == ["1"]
        assert set(python.list_config_resources(["BROKER"])) == {"broker"}

    def test_log_directories(self, python, stack):
        topic = fresh()
        python.create_topics([KafkaPythonTopic(topic, 1, 1)])
        client = Producer({"bootstrap.servers": stack.kafka})
        client.produce(topic, b"x" * 10_000)
        assert client.flush(WAIT) == 0
        found = python.describe_log_dirs({topic: [0]})[0]["log_dirs"][0]
        sizes = [p["partition_size"] for t in found["topics"] for p in t["partitions"]]
        assert len(sizes) == 1 and sizes[0] > 10_000

    def test_a_replica_stays_in_its_directory(self, python):
        topic = fresh()
        python.create_topics([KafkaPythonTopic(topic, 1, 1)])
        own = python.describe_log_dirs()[0]["log_dirs"][0]["log_dir"]
        for path, expected in ((own, NoError), (own + "-other", LogDirNotFoundError)):
            replica = KafkaPythonReplica(topic, 0, 1)
            assert python.alter_replica_log_dirs({replica: path}) == {replica: expected}


class TestAiokafka:
    def test_topics_and_settings(self, stack):
        async def run():
            admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
            await admin.start()
            try:
                topic = fresh()
                await admin.create_topics([AioTopic(topic, 2, 1, topic_configs={"retention.ms": "77"})])
                assert topic in await admin.list_topics()
                await admin.create_partitions({topic: AioPartitions(3)})
                described = await admin.describe_topics([topic])
                assert len(described[0]["partitions"]) == 3
                cluster = await admin.describe_cluster()
                assert cluster["controller_id"] == 1
                resource = AioResource(AioResourceType.TOPIC, topic)
                answer = (await admin.describe_configs([resource]))[0]
                values = {config[0]: config[1] for config in answer.resources[0][4]}
                assert values["retention.ms"] == "77"
                await admin.alter_configs(
                    [AioResource(AioResourceType.TOPIC, topic, configs={"retention.ms": "78"})])
                answer = (await admin.describe_configs([resource]))[0]
                values = {config[0]: config[1] for config in answer.resources[0][4]}
                assert values["retention.ms"] == "78"
                await admin.delete_topics([topic])
                assert topic not in await admin.list_topics()
            finally:
                await admin.close()

        asyncio.run(run())


# Who may do what

@pytest.fixture(scope="module")
def guarded():
    """A broker with users, of which only `admin` may do what no rule allows."""
    started = start_stack(
        "--only", "kafka", "--kafka",
        f"embedded:?listeners=SASL_PLAINTEXT://127.0.0.1:{free_port()}&sasl.enabled.mechanisms=PLAIN"
        f"&authorizer=acls&super.users=User:{ADMIN}",
        env={"MILLRACE_KAFKA_USERS": f"{ADMIN}:{PASSWORD},{ALICE}:{PASSWORD}"})
    yield started
    assert started.stop() == 0


def properties(stack, user, **more):
    address = stack.kafka.rsplit("@")[-1]
    return {
        "bootstrap.servers": address, "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN", "sasl.username": user, "sasl.password": PASSWORD,
        **{key.replace("_", "."): value for key, value in more.items()}}


def as_kafka_python(stack, user):
    return KafkaAdminClient(
        bootstrap_servers=stack.kafka.rsplit("@")[-1], security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN", sasl_plain_username=user, sasl_plain_password=PASSWORD)


def allow(admin, kind, name, operation, user=ALICE, pattern=ResourcePatternType.LITERAL,
          permission=AclPermissionType.ALLOW):
    rule = AclBinding(kind, name, pattern, f"User:{user}", "*", operation, permission)
    admin.create_acls([rule])[rule].result(WAIT)
    return rule


EVERY = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY,
    AclPermissionType.ANY)


class TestAccess:
    @pytest.fixture
    def admin(self, guarded):
        client = AdminClient(properties(guarded, ADMIN))
        yield client
        client.delete_acls([EVERY])[EVERY].result(WAIT)

    def test_rules_are_made_found_and_deleted(self, admin):
        topic, group = fresh(), fresh("g")
        one = allow(admin, ResourceType.TOPIC, topic, AclOperation.READ)
        two = allow(admin, ResourceType.TOPIC, topic, AclOperation.WRITE, "bob",
                    ResourcePatternType.PREFIXED, AclPermissionType.DENY)
        three = allow(admin, ResourceType.GROUP, group, AclOperation.ALL, "bob",
                      ResourcePatternType.PREFIXED)
        assert sorted(admin.describe_acls(EVERY).result(WAIT)) == sorted([one, two, three])

        def filter_of(kind=ResourceType.ANY, pattern=ResourcePatternType.ANY):
            return AclBindingFilter(
                kind, None, pattern, None, None, AclOperation.ANY, AclPermissionType.ANY)

        prefixed = filter_of(pattern=ResourcePatternType.PREFIXED)
        assert sorted(admin.delete_acls([prefixed])[prefixed].result(WAIT)) == sorted([two, three])
        topics, groups = filter_of(ResourceType.TOPIC), filter_of(ResourceType.GROUP)
        deleted = admin.delete_acls([topics, groups])
        assert deleted[topics].result(WAIT) == [one] and deleted[groups].result(WAIT) == []
        assert admin.describe_acls(EVERY).result(WAIT) == []

    def test_kafka_python_makes_rules(self, admin, guarded):
        from kafka.admin import (
            ACL, ACLFilter, ACLOperation, ACLPermissionType, ResourcePattern)
        from kafka.admin import ResourceType as Kind
        client = as_kafka_python(guarded, ADMIN)
        pattern = ResourcePattern(Kind.TOPIC, fresh())
        wanted = ACLFilter(
            principal=None, host="*", operation=ACLOperation.ANY,
            permission_type=ACLPermissionType.ANY, resource_pattern=pattern)
        assert client.describe_acls(wanted)[0] == []
        rule = ACL(
            principal="User:test", host="*", operation=ACLOperation.READ,
            permission_type=ACLPermissionType.ALLOW, resource_pattern=pattern)
        assert len(client.create_acls([rule])["succeeded"]) == 1
        assert len(client.describe_acls(wanted)[0]) == 1
        assert len(client.delete_acls([wanted])[0][1]) == 1
        assert client.describe_acls(wanted)[0] == []
        client.close()

    def test_who_is_not_allowed_is_told_so(self, admin, guarded):
        topic = made(admin)
        alice = AdminClient(properties(guarded, ALICE))
        assert topic not in alice.list_topics(timeout=WAIT).topics
        assert code_of(alice.delete_topics([topic])[topic]) == KafkaError.TOPIC_AUTHORIZATION_FAILED
        other = fresh()
        refused = alice.create_topics([NewTopic(other, 1, 1)])[other]
        assert code_of(refused) == KafkaError.TOPIC_AUTHORIZATION_FAILED
        rule = AclBinding(
            ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{ALICE}", "*",
            AclOperation.ALL, AclPermissionType.ALLOW)
        refused = alice.create_acls([rule])[rule]
        assert code_of(refused) == KafkaError.CLUSTER_AUTHORIZATION_FAILED
        found = ConfigResource(ResourceType.TOPIC, topic)
        assert code_of(alice.describe_configs([found])[found]) == KafkaError.TOPIC_AUTHORIZATION_FAILED
        client = as_kafka_python(guarded, ALICE)
        with pytest.raises(TopicAuthorizationFailedError):
            client.delete_topics([topic])
        with pytest.raises(ClusterAuthorizationFailedError):
            client.elect_leaders(0, {topic: [0]})
        client.close()

    def test_producing_and_consuming_need_rules(self, admin, guarded):
        topic, group = made(admin), fresh("g")

        def sent():
            errors = []
            client = Producer(properties(guarded, ALICE, message_timeout_ms=WAIT * 1000))
            client.produce(topic, b"v", on_delivery=lambda error, _: errors.append(error))
            assert client.flush(WAIT) == 0
            return errors[0]

        assert sent().code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
        allow(admin, ResourceType.TOPIC, topic[:5], AclOperation.WRITE, pattern=ResourcePatternType.PREFIXED)
        assert sent() is None

        def received():
            client = Consumer(properties(
                guarded, ALICE, group_id=group, auto_offset_reset="earliest"))
            client.subscribe([topic])
            try:
                return until(lambda: client.poll(0.2), "a message or an error")
            finally:
                client.close()

        assert received().error().code() == KafkaError.GROUP_AUTHORIZATION_FAILED
        allow(admin, ResourceType.GROUP, group, AclOperation.READ)
        assert received().error().code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
        allow(admin, ResourceType.TOPIC, topic, AclOperation.READ)
        assert received().value() == b"v"

    def test_a_denial_goes_before_a_permission(self, admin, guarded):
        topic = made(admin)
        allow(admin, ResourceType.TOPIC, "*", AclOperation.ALL)
        alice = AdminClient(properties(guarded, ALICE))
        assert topic in alice.list_topics(timeout=WAIT).topics
        allow(admin, ResourceType.TOPIC, topic, AclOperation.ALL, permission=AclPermissionType.DENY)
        assert topic not in alice.list_topics(timeout=WAIT).topics

    def test_operations_are_those_that_are_allowed(self, admin, guarded):
        topic = made(admin)
        allow(admin, ResourceType.TOPIC, topic, AclOperation.READ)
        alice = AdminClient(properties(guarded, ALICE))
        found = alice.describe_topics(
            TopicCollection([topic]), include_authorized_operations=True)[topic].result(WAIT)
        assert set(found.authorized_operations) == {AclOperation.READ, AclOperation.DESCRIBE}

    def test_transactions_need_rules(self, admin, guarded):
        topic = made(admin)
        allow(admin, ResourceType.TOPIC, topic, AclOperation.WRITE)
        name = fresh("tx")

        def transact():
            client = Producer(properties(guarded, ALICE, transactional_id=name))
            client.init_transactions(WAIT)
            client.begin_transaction()
            client.produce(topic, b"v")
            client.commit_transaction(WAIT)

        with pytest.raises(KafkaException) as refused:
            transact()
        assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        allow(admin, ResourceType.TRANSACTIONAL_ID, name, AclOperation.WRITE)
        transact()
