"""Roles, permissions, logins and TLS of the store, as cassandra-driver sees them."""

import ssl
import subprocess

import pytest
from cassandra import AuthenticationFailed, InvalidRequest, Unauthorized
from cassandra.cluster import Cluster, NoHostAvailable
from cassandra.protocol import SyntaxException
from cassandra.query import BatchStatement
from conftest import start_stack
from cql_tools import GUARDED, SIMPLE, logged_in, name

# bcrypt of "super_secret_thing", made by libxcrypt with cost 4.
HASHED = "$2a$04$PoiUnv/9OZ5nYjlN087uIe5KLMV6yJfDkgKAAHO0pRVTEvB3UQU/i"


@pytest.fixture(scope="module")
def guarded():
    stack = start_stack("--only", "store", "--store", GUARDED)
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def root(guarded):
    with logged_in(guarded, "cassandra", "cassandra") as session:
        yield session


@pytest.fixture
def keyspace(root):
    made = name("ks")
    root.execute(f"CREATE KEYSPACE {made} WITH replication = {SIMPLE}")
    yield made
    root.execute(f"DROP KEYSPACE IF EXISTS {made}")


@pytest.fixture
def role(root):
    made = name("role")
    root.execute(f"CREATE ROLE {made} WITH LOGIN = true AND PASSWORD = 'secret'")
    yield made
    root.execute(f"DROP ROLE IF EXISTS {made}")


def denied(session, text, message=None):
    with pytest.raises(Unauthorized, match=message):
        session.execute(text)


def permissions(session, role):
    return [(row.resource, row.permission) for row in session.execute(f"LIST ALL OF {role}")]


# Logins


@pytest.mark.parametrize("version", [3, 4, 5])
def test_login_at_every_version(guarded, version):
    with logged_in(guarded, "cassandra", "cassandra", version=version) as session:
        assert session.execute("SELECT key FROM system.local").one().key == "local"


@pytest.mark.parametrize("user,password", [("cassandra", "wrong"), ("nobody", "cassandra")])
def test_wrong_credentials_are_refused(guarded, user, password):
    with pytest.raises(NoHostAvailable) as caught:
        with logged_in(guarded, user, password):
            pass
    error = next(iter(caught.value.errors.values()))
    assert isinstance(error, AuthenticationFailed)
    assert f"Provided username {user} and/or password are incorrect" in str(error)


def test_without_credentials_nothing_is_served(guarded):
    with pytest.raises(NoHostAvailable):
        with logged_in(guarded):
            pass


def test_a_role_without_login_stays_out(guarded, root, role):
    root.execute(f"ALTER ROLE {role} WITH LOGIN = false")
    with pytest.raises(NoHostAvailable, match="not permitted to log in"):
        with logged_in(guarded, role, "secret"):
            pass


def test_passwords_change_and_hashes_are_taken(guarded, root):
    made = name("hashed")
    with pytest.raises(InvalidRequest, match="Invalid hashed password value"):
        root.execute(f"CREATE ROLE {made} WITH LOGIN = true AND HASHED PASSWORD = 'plain'")
    with pytest.raises(InvalidRequest, match="mutually exclusive"):
        root.execute(f"CREATE ROLE {made} WITH PASSWORD = 'a' AND HASHED PASSWORD = '{HASHED}'")
    root.execute(f"CREATE ROLE {made} WITH LOGIN = true AND HASHED PASSWORD = '{HASHED}'")
    with logged_in(guarded, made, "super_secret_thing") as session:
        session.execute(f"ALTER ROLE {made} WITH PASSWORD = 'other'")
        denied(session, f"ALTER ROLE {made} WITH LOGIN = false", "You aren't allowed to alter LOGIN")
    with logged_in(guarded, made, "other"):
        pass
    with pytest.raises(NoHostAvailable):
        with logged_in(guarded, made, "super_secret_thing"):
            pass
    root.execute(f"DROP ROLE {made}")


def test_roles_outlive_a_restart(folder):
    store = "embedded:?port=0&authenticator=PasswordAuthenticator&authorizer=CassandraAuthorizer"
    stack = start_stack("--only", "store", "--store", store, data=folder)
    with logged_in(stack, "cassandra", "cassandra") as session:
        session.execute("CREATE ROLE boss WITH SUPERUSER = true AND LOGIN = true AND PASSWORD = 'b'")
        session.execute("CREATE ROLE guest WITH LOGIN = true AND PASSWORD = 'g'")
        session.execute("GRANT SELECT ON ALL KEYSPACES TO guest")
    stack.kill()
    stack = start_stack("--only", "store", "--store", store, data=folder)
    try:
        with logged_in(stack, "boss", "b") as session:
            assert permissions(session, "guest") == [("<all keyspaces>", "SELECT")]
            session.execute("DROP ROLE cassandra")
        with pytest.raises(NoHostAvailable):
            with logged_in(stack, "cassandra", "cassandra"):
                pass
    finally:
        stack.stop()


# Roles


def test_creating_dropping_and_listing(root):
    made = name("r")
    root.execute(f"CREATE ROLE {made}")
    root.execute(f"CREATE ROLE IF NOT EXISTS {made}")
    with pytest.raises(InvalidRequest, match=f"{made} already exists"):
        root.execute(f"CREATE ROLE {made}")
    row = next(row for row in root.execute("LIST ROLES") if row.role == made)
    assert (row.super, row.login, row.datacenters) == (False, False, "ALL")
    assert made not in [row.name for row in root.execute("LIST USERS")]
    root.execute(f"ALTER ROLE {made} WITH LOGIN = true AND SUPERUSER = true")
    assert made in [row.name for row in root.execute("LIST USERS")]
    assert made in [row.role for row in root.execute("LIST SUPERUSERS")]
    root.execute(f"DROP ROLE {made}")
    root.execute(f"DROP ROLE IF EXISTS {made}")
    root.execute(f"ALTER ROLE IF EXISTS {made} WITH LOGIN = true")
    for statement in [f"DROP ROLE {made}", f"ALTER ROLE {made} WITH LOGIN = true"]:
        with pytest.raises(InvalidRequest, match=f"{made} doesn't exist"):
            root.execute(statement)
    with pytest.raises(InvalidRequest, match="Cannot DROP primary role for current login"):
        root.execute("DROP ROLE cassandra")


def test_the_syntax_of_roles(root):
    right = [
        "CREATE ROLE r WITH LOGIN = true AND SUPERUSER = false AND PASSWORD = 'foo'",
        "CREATE ROLE r WITH OPTIONS = {'a': 'b', 'b': 1}",
        "CREATE ROLE r WITH ACCESS TO DATACENTERS {'dc1'}",
        "CREATE ROLE r WITH ACCESS TO ALL DATACENTERS AND ACCESS FROM ALL CIDRS",
        "CREATE ROLE $$ r1 ' x $ x ' $$", "CREATE USER 'u1'", 'DROP ROLE "r1"',
        "ALTER USER IF EXISTS u1 WITH PASSWORD 'p' NOSUPERUSER",
        "GRANT CREATE PERMISSION, ALTER ON ROLE 'r1' TO $$ r '2' $$",
        "GRANT r1 TO r2", "REVOKE r1 FROM r2", "GRANT EXECUTE ON FUNCTION ks.f(int, text) TO r",
        "REVOKE ALL PERMISSIONS ON ALL MBEANS FROM r", "LIST SELECT ON TABLE ks.t OF r NORECURSIVE",
        "ADD IDENTITY IF NOT EXISTS 'i' TO ROLE r", "DROP IDENTITY 'i'",
    ]
    wrong = [
        "CREATE ROLE r WITH OPTIONS = 'term'", 'CREATE USER "u1"', "GRANT CREATE ON TABLE t TO r",
        "CREATE ROLE r WITH LOGIN = true AND LOGIN = true", "CREATE ROLE r WITH LOGIN = 'true'",
        "GRANT SELECT ON ALL ROLES TO r", "CREATE ROLE ?", "ALTER USER u WITH PASSWORD = 'x'",
    ]
    for text in right:
        root.prepare(text)
    for text in wrong:
        with pytest.raises(SyntaxException):
            root.execute(text)


def test_membership(root):
    a, b, c = (name("m") for _ in range(3))
    for role in (a, b, c):
        root.execute(f"CREATE ROLE {role}")
    root.execute(f"GRANT {a} TO {b}")
    root.execute(f"GRANT {b} TO {c}")
    assert [row.role for row in root.execute(f"LIST ROLES OF {c}")] == sorted([a, b, c])
    assert [row.role for row in root.execute(f"LIST ROLES OF {c} NORECURSIVE")] == sorted([b, c])
    for text, message in [
        (f"GRANT {a} TO {c}", f"{c} is a member of {a}"),
        (f"GRANT {c} TO {a}", f"{c} is a member of {a}"),
        (f"REVOKE {a} FROM {c}", f"{c} is not a member of {a}"),
    ]:
        with pytest.raises(InvalidRequest, match=message):
            root.execute(text)
    members = [tuple(row) for row in root.execute("SELECT role, member FROM system_auth.role_members")]
    assert (a, b) in members and (b, c) in members
    root.execute(f"DROP ROLE {a}")
    assert [row.role for row in root.execute(f"LIST ROLES OF {c}")] == sorted([b, c])
    for role in (b, c):
        root.execute(f"DROP ROLE {role}")


def test_identities(root, role):
    identity = f"spiffe://{role}"
    root.execute(f"ADD IDENTITY '{identity}' TO ROLE '{role}'")
    root.execute(f"ADD IDENTITY IF NOT EXISTS '{identity}' TO ROLE '{role}'")
    with pytest.raises(InvalidRequest, match="already exists"):
        root.execute(f"ADD IDENTITY '{identity}' TO ROLE '{role}'")
    rows = root.execute("SELECT * FROM system_auth.identity_to_role").all()
    assert (identity, role) in [tuple(row) for row in rows]
    root.execute(f"DROP IDENTITY '{identity}'")
    with pytest.raises(InvalidRequest, match="doesn't exist"):
        root.execute(f"DROP IDENTITY '{identity}'")


# Permissions


def test_every_statement_needs_its_permission(guarded, root, keyspace, role):
    table = f"{keyspace}.t"
    root.execute(f"CREATE TABLE {table} (k int, c int, v int, PRIMARY KEY (k, c))")
    root.execute(f"CREATE TYPE {keyspace}.u (a int)")
    on_table = f"on <table {table}> or any of its parents"
    on_tables = f"on <all tables in {keyspace}> or any of its parents"
    cases = [
        (f"SELECT * FROM {table}", "SELECT", on_table),
        (f"INSERT INTO {table} (k, c, v) VALUES (1, 1, 1)", "MODIFY", on_table),
        (f"UPDATE {table} SET v = 1 WHERE k = 1 AND c = 1", "MODIFY", on_table),
        (f"DELETE FROM {table} WHERE k = 1", "MODIFY", on_table),
        (f"TRUNCATE {table}", "MODIFY", on_table),
        (f"ALTER TABLE {table} ADD w int", "ALTER", on_table),
        (f"DROP TABLE {table}", "DROP", on_table),
        (f"CREATE TABLE {keyspace}.n (k int PRIMARY KEY)", "CREATE", on_tables),
        (f"ALTER TYPE {keyspace}.u ADD b int", "ALTER", on_tables),
        (f"DROP TYPE {keyspace}.u", "DROP", on_tables),
        (f"CREATE TYPE {keyspace}.w (a int)", "CREATE", on_tables),
        (f"DROP KEYSPACE {keyspace}", "DROP", f"on <keyspace {keyspace}>"),
        (f"CREATE KEYSPACE {keyspace}x WITH replication = {SIMPLE}", "CREATE", "<all keyspaces>"),
    ]
    with logged_in(guarded, role, "secret") as session:
        for text, permission, place in cases:
            denied(session, text, f"User {role} has no {permission} permission .*{place}")
        denied(session, "SELECT * FROM system_auth.roles", "system_auth.roles")
        for text in ["system.local", "system.peers_v2", "system_schema.tables", "system_virtual_schema.tables"]:
            session.execute(f"SELECT * FROM {text}")
        root.execute(f"GRANT ALTER, DROP, SELECT, MODIFY, CREATE ON KEYSPACE {keyspace} TO {role}")
        for text, _, place in cases[:6] + cases[8:9] + cases[6:8] + cases[9:11]:
            session.execute(text)


def test_conditions_and_batches(guarded, root, keyspace, role):
    one, two = f"{keyspace}.a", f"{keyspace}.b"
    for table in (one, two):
        root.execute(f"CREATE TABLE {table} (k int PRIMARY KEY, v int)")
    both = f"BEGIN BATCH INSERT INTO {one} (k) VALUES (1); INSERT INTO {two} (k) VALUES (1); APPLY BATCH"
    with logged_in(guarded, role, "secret") as session:
        denied(session, both, f"MODIFY permission on <table {one}>")
        root.execute(f"GRANT MODIFY ON {one} TO {role}")
        denied(session, both, f"MODIFY permission on <table {two}>")
        prepared = session.prepare(f"INSERT INTO {two} (k) VALUES (?)")
        binary = BatchStatement()
        binary.add(f"INSERT INTO {one} (k) VALUES (2)")
        binary.add(prepared, (2,))
        with pytest.raises(Unauthorized):
            session.execute(binary)
        root.execute(f"GRANT MODIFY ON {two} TO {role}")
        session.execute(both)
        session.execute(binary)
        denied(session, f"UPDATE {one} SET v = 1 WHERE k = 1 IF v = 0", "SELECT permission")
        root.execute(f"GRANT SELECT ON {one} TO {role}")
        session.execute(f"UPDATE {one} SET v = 1 WHERE k = 1 IF v = 0")
        # A prepared statement is checked each time it runs.
        session.execute(prepared, (3,))
        root.execute(f"REVOKE MODIFY ON {two} FROM {role}")
        with pytest.raises(Unauthorized):
            session.execute(prepared, (4,))


def test_who_creates_may_do_all_and_drops_leave_nothing(guarded, root, role):
    root.execute(f"GRANT CREATE ON ALL KEYSPACES TO {role}")
    own = name("own")
    with logged_in(guarded, role, "secret") as session:
        session.execute(f"CREATE KEYSPACE {own} WITH replication = {SIMPLE}")
        session.execute(f"CREATE TABLE {own}.t (k int PRIMARY KEY)")
        held = permissions(session, role)
        assert (f"<keyspace {own}>", "DROP") in held and (f"<table {own}.t>", "SELECT") in held
        assert (f"<all functions in {own}>", "EXECUTE") in held
        session.execute(f"DROP TABLE {own}.t")
        assert not [entry for entry in permissions(session, role) if "table" in entry[0]]
        session.execute(f"DROP KEYSPACE {own}")
        assert permissions(session, role) == [("<all keyspaces>", "CREATE")]


def test_superusers_may_write_to_the_rows_of_roles(guarded, root, role):
    with logged_in(guarded, role, "secret") as session:
        root.execute(f"GRANT MODIFY ON ALL KEYSPACES TO {role}")
        text = f"UPDATE system_auth.roles SET is_superuser = true WHERE role = '{role}'"
        denied(session, text, f"User {role} has no MODIFY permission on <table system_auth.roles> or any of its parents")
        denied(session, "LIST SUPERUSERS")
        with pytest.raises(InvalidRequest, match="TTL and TIMESTAMP are not supported"):
            root.execute(text.replace("SET", "USING TTL 5 SET"))
        root.execute(text)
        assert role in [row.role for row in session.execute("LIST SUPERUSERS")]
        session.execute(f"UPDATE system_auth.roles SET is_superuser = false, salted_hash = '{HASHED}' WHERE role = '{role}'")
        denied(session, text)
    with logged_in(guarded, role, "super_secret_thing"):
        pass
    root.execute(f"DELETE FROM system_auth.roles WHERE role = '{role}'")
    assert role not in [row.role for row in root.execute("LIST ROLES")]
    with pytest.raises(Unauthorized):
        root.execute("TRUNCATE system_auth.roles")


def test_listing_of_permissions(guarded, root, role):
    child = name("child")
    root.execute(f"GRANT CREATE ON ALL ROLES TO {role}")
    with logged_in(guarded, role, "secret") as session:
        session.execute(f"CREATE ROLE {child}")
        mine = {f"<role {child}>"} & {resource for resource, _ in permissions(session, role)}
        assert mine
        assert list(session.execute(f"LIST ALL OF {child}")) == []
        denied(session, "LIST ALL OF cassandra", "You are not authorized to view cassandra's permissions")
        denied(session, "LIST ALL", "You are not authorized to view everyone's permissions")
        denied(session, "LIST ROLES OF cassandra", "not authorized to view roles granted to cassandra")
        denied(session, "LIST SUPERUSERS", "not authorized to view superuser details")
        denied(session, "CREATE ROLE x WITH SUPERUSER = true", "Only superusers can create a role")
        session.execute(f"DROP ROLE {child}")
    with pytest.raises(InvalidRequest, match="doesn't exist"):
        root.execute("LIST ALL OF nobody_at_all")


def test_granting(guarded, root, keyspace, role):
    with pytest.raises(InvalidRequest, match="Role nobody doesn't exist"):
        root.execute(f"GRANT SELECT ON KEYSPACE {keyspace} TO nobody")
    with pytest.raises(InvalidRequest, match="Resource <keyspace nowhere> doesn't exist"):
        root.execute(f"GRANT SELECT ON KEYSPACE nowhere TO {role}")
    grant = root.execute_async(f"GRANT SELECT ON KEYSPACE {keyspace} TO {role}")
    grant.result()
    assert not grant.warnings
    again = root.execute_async(f"GRANT SELECT ON KEYSPACE {keyspace} TO {role}")
    again.result()
    assert f"Role '{role}' was already granted SELECT on <keyspace {keyspace}>" in again.warnings
    with logged_in(guarded, role, "secret") as session:
        denied(session, f"GRANT SELECT ON KEYSPACE {keyspace} TO {role}", "has no AUTHORIZE permission")
    rows = root.execute(f"SELECT resource, permissions FROM system_auth.role_permissions WHERE role = '{role}'")
    assert [(row.resource, set(row.permissions)) for row in rows] == [(f"data/{keyspace}", {"SELECT"})]


# Without a guard


def test_an_open_store_answers_as_cassandra_does(stack):
    with logged_in(stack) as session:
        for text in ["CREATE ROLE r", "LIST ROLES", "GRANT SELECT ON ALL KEYSPACES TO cassandra", "DROP ROLE r"]:
            denied(session, text, "You have to be logged in and not anonymous")
        with pytest.raises(InvalidRequest, match="doesn't support PASSWORD"):
            session.execute("CREATE ROLE r WITH PASSWORD = 'p'")
        denied(session, "CREATE ROLE r WITH SUPERUSER = true", "Only superusers can create")
    with logged_in(stack, "any", "body") as session:
        session.execute("SELECT key FROM system.local")


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "server.pem"
    key = folder / "server.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", made],
        check=True, capture_output=True,
    )
    return made, key


def tls_context(authority, own=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority)
    if own:
        context.load_cert_chain(*own)
    return context


@pytest.mark.parametrize("asks", ["none", "requested", "required"])
def test_tls(certificate, asks):
    made, key = certificate
    stack = start_stack(
        "--only", "store", "--store",
        f"embedded:?port=0&ssl.certificate.location={made}&ssl.key.location={key}"
        f"&ssl.client.auth={asks}&ssl.ca.location={made}&authenticator=PasswordAuthenticator",
    )
    try:
        for own in [None, certificate]:
            options = {"ssl_context": tls_context(made, own)}
            if asks == "required" and own is None:
                with pytest.raises(NoHostAvailable):
                    with logged_in(stack, "cassandra", "cassandra", **options):
                        pass
                continue
            with logged_in(stack, "cassandra", "cassandra", version=5, **options) as session:
                for client in session.execute("SELECT ssl_enabled, ssl_protocol FROM system_views.clients"):
                    assert client == (True, "TLSv1.3")
        # Who speaks without TLS there is told so by a protocol error.
        with pytest.raises(NoHostAvailable, match="ProtocolError"):
            with logged_in(stack, "cassandra", "cassandra", connect_timeout=3):
                pass
    finally:
        stack.stop()
