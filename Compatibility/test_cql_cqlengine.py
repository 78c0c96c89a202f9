"""cqlengine, the object mapper inside of cassandra-driver: tables from models, queries, conditions, containers."""

import datetime
import decimal
import uuid

import pytest
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.cqlengine import ValidationError, columns, connection
from cassandra.cqlengine.functions import MaxTimeUUID, MinTimeUUID, Token
from cassandra.cqlengine.management import create_keyspace_simple, drop_keyspace, drop_table, sync_table, sync_type
from cassandra.cqlengine.models import Model
from cassandra.cqlengine.query import BatchQuery, BatchType, DoesNotExist, LWTException
from cassandra.cqlengine.usertype import UserType
from cassandra.policies import RoundRobinPolicy
from cassandra.query import dict_factory
from conftest import start_stack

KEYSPACE = "mapped"


class Address(UserType):
    street = columns.Text()
    zip = columns.Integer()


class Person(Model):
    __keyspace__ = KEYSPACE
    id = columns.UUID(primary_key=True, default=uuid.uuid4)
    name = columns.Text(required=True)
    born = columns.Date()
    height = columns.Decimal()
    tags = columns.Set(columns.Text)
    phones = columns.List(columns.Text)
    scores = columns.Map(columns.Text, columns.Integer)
    home = columns.UserDefinedType(Address)
    pair = columns.Tuple(columns.Integer, columns.Text)
    city = columns.Text(index=True)


class Event(Model):
    __keyspace__ = KEYSPACE
    device = columns.Integer(partition_key=True)
    at = columns.TimeUUID(primary_key=True, clustering_order="DESC")
    site = columns.Text(static=True)
    value = columns.Double()


class Count(Model):
    __keyspace__ = KEYSPACE
    id = columns.Integer(primary_key=True)
    hits = columns.Counter()


@pytest.fixture(scope="module", autouse=True)
def mapper():
    stack = start_stack("--only", "store")
    host, port = stack.cql
    cluster = Cluster(
        [host], port=port, protocol_version=5, execution_profiles={
            EXEC_PROFILE_DEFAULT: ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), row_factory=dict_factory)})
    connection.register_connection("store", session=cluster.connect(), default=True)
    create_keyspace_simple(KEYSPACE, replication_factor=1)
    sync_type(KEYSPACE, Address)
    for model in (Person, Event, Count):
        sync_table(model)
    yield
    drop_keyspace(KEYSPACE)
    connection.unregister_connection("store")
    cluster.shutdown()
    assert stack.stop() == 0


def person(**values):
    return Person.create(**{"name": "Ada", **values})


def test_values_come_back():
    made = person(
        born=datetime.date(1815, 12, 10), height=decimal.Decimal("1.65"), tags={"a", "b"}, phones=["1", "2"],
        scores={"x": 1}, home=Address(street="Ring", zip=1010), pair=(7, "seven"))
    found = Person.get(id=made.id)
    assert (found.name, found.height, found.tags, found.phones, found.scores) == (
        "Ada", decimal.Decimal("1.65"), {"a", "b"}, ["1", "2"], {"x": 1})
    assert (found.home.street, found.home.zip, found.pair) == ("Ring", 1010, (7, "seven"))
    assert str(found.born) == "1815-12-10"


def test_changes_of_containers_are_sent_as_changes():
    made = person(tags={"a"}, phones=["1"], scores={"x": 1})
    made.tags.add("b")
    made.phones.append("2")
    made.scores["y"] = 2
    made.save()
    Person.objects(id=made.id).update(tags__remove={"a"}, phones__prepend=["0"], scores__update={"z": 3})
    found = Person.get(id=made.id)
    assert (found.tags, found.phones, found.scores) == ({"b"}, ["0", "1", "2"], {"x": 1, "y": 2, "z": 3})


def test_deletes_and_nulls():
    made = person(city="Wien")
    made.city = None
    made.save()
    assert Person.get(id=made.id).city is None
    made.delete()
    with pytest.raises(DoesNotExist):
        Person.get(id=made.id)
    with pytest.raises(ValidationError):
        Person.create(name=None)


def test_ranges_orders_and_limits():
    times = [uuid.uuid1() for _ in range(10)]
    for number, at in enumerate(times):
        Event.create(device=1, at=at, site="north", value=number)
    assert [event.value for event in Event.objects(device=1)] == list(map(float, reversed(range(10))))
    assert [event.value for event in Event.objects(device=1).order_by("at").limit(3)] == [0.0, 1.0, 2.0]
    assert Event.objects(device=1, at__gt=times[4]).count() == 5
    assert Event.objects(device=1, at__in=times[:2]).count() == 2
    now = datetime.datetime.utcnow()
    hour = datetime.timedelta(hours=1)
    assert Event.objects(device=1, at__gte=MinTimeUUID(now - hour), at__lte=MaxTimeUUID(now + hour)).count() == 10
    assert Event.objects(device=1).distinct(["device", "site"]).first().site == "north"
    first = Event.objects(device=1).first()
    assert list(Event.objects(pk__token__gt=Token(first.pk)).allow_filtering()) == []


def test_indexed_and_filtered_columns():
    person(city="Graz", name="Bo")
    assert [found.name for found in Person.objects(city="Graz")] == ["Bo"]
    assert Person.objects(name="Bo").allow_filtering().count() == 1


def test_conditions():
    made = Person.if_not_exists().create(name="Cy")
    with pytest.raises(LWTException) as refused:
        Person.if_not_exists().create(id=made.id, name="Di")
    assert refused.value.existing["name"] == "Cy"
    made.iff(name="Cy").update(name="Ed")
    with pytest.raises(LWTException):
        made.iff(name="Cy").update(name="Flo")
    Person.objects(id=made.id).if_exists().update(city="Linz")
    assert (Person.get(id=made.id).name, Person.get(id=made.id).city) == ("Ed", "Linz")
    with pytest.raises(LWTException):
        Person.objects(id=uuid.uuid4()).if_exists().update(city="Linz")


def test_batches_timestamps_and_time_to_live():
    ids = [uuid.uuid4() for _ in range(3)]
    with BatchQuery(batch_type=BatchType.Unlogged, timestamp=datetime.timedelta(seconds=5)) as batch:
        for number, key in enumerate(ids):
            Person.batch(batch).create(id=key, name=str(number))
    assert Person.objects(id__in=ids).count() == 3
    Person.objects(id=ids[0]).timestamp(datetime.timedelta(seconds=-100)).update(name="late")
    assert Person.get(id=ids[0]).name == "0"
    short = Person.ttl(100).create(name="short")
    left = connection.execute(f"SELECT ttl(name) AS left FROM {KEYSPACE}.person WHERE id = %s", (short.id,)).one()
    assert 0 < left["left"] <= 100


def test_counters():
    count = Count.create(id=1)
    count.hits += 5
    count.save()
    Count.objects(id=1).update(hits=2)
    with BatchQuery(batch_type="COUNTER") as batch:
        again = Count.get(id=1)
        again.batch(batch)
        again.hits -= 1
        again.save()
    assert Count.get(id=1).hits == 6


def test_a_model_that_grows():
    class Growing(Model):
        __keyspace__ = KEYSPACE
        __table_name__ = "growing"
        id = columns.Integer(primary_key=True)

    class Grown(Model):
        __keyspace__ = KEYSPACE
        __table_name__ = "growing"
        __options__ = {"gc_grace_seconds": 60, "compaction": {"class": "LeveledCompactionStrategy"}}
        id = columns.Integer(primary_key=True)
        more = columns.Text()

    sync_table(Growing)
    Growing.create(id=1)
    sync_table(Grown)
    Grown.objects(id=1).update(more="yes")
    assert Grown.get(id=1).more == "yes"
    drop_table(Grown)
