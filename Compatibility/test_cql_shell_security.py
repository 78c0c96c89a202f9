"""Our own client against a store that asks for a password and speaks TLS: names, files, and what is never shown."""

import pytest
from clients import millrace, refuse, succeed
from conftest import start_stack
from security import files  # noqa: F401 (a fixture)

ASK = "SELECT key FROM system.local"


@pytest.fixture(scope="module")
def store(files):  # noqa: F811
    stack = start_stack(
        "--only", "store", "--store",
        "embedded:?port=0&authenticator=PasswordAuthenticator&ssl.client.auth=requested"
        f"&ssl.certificate.location={files('server.pem')}&ssl.key.location={files('server.key')}"
        f"&ssl.ca.location={files('ca.pem')}")
    yield stack.cql
    stack.stop()


def url(store, options="", host="127.0.0.1", user=""):
    return f"cassandra://{user}{host}:{store[1]}?{options}"


def test_trusted_and_known(store, files, tmp_path):  # noqa: F811
    trust = "tls_ca=" + files("ca.pem")
    for host in ("127.0.0.1", "localhost"):
        assert "local" in succeed("cql", "--store", url(store, trust, host, "cassandra:cassandra@"), "-e", ASK)
    secret = tmp_path / "secret"
    secret.write_text("cassandra\nmore\n")
    succeed("cql", "--user", "cassandra", "--password-file", secret, "--store", url(store, trust), "-e", ASK)
    succeed("cql", "--store", url(store, trust), "-e", ASK, env={"CQL_USER": "cassandra", "CQL_PASSWORD": "cassandra"})
    both = tmp_path / "both"
    both.write_text("cassandra:cassandra")
    succeed("cql", "--store", url(store, f"{trust}&password_file={both}"), "-e", ASK)
    own = f"{trust}&tls_cert={files('client.pem')}&tls_key={files('client.key')}"
    succeed("cql", "--store", url(store, own, user="cassandra:cassandra@"), "-e", ASK)
    succeed("store", "stats", "--store", url(store, own, user="cassandra:cassandra@"))
    for options in ("tls=true&tls_verify=none", f"{trust}&tls_server_name=localhost"):
        succeed("cql", "--store", url(store, options, user="cassandra:cassandra@"), "-e", ASK)


@pytest.mark.parametrize("options, user, says", [
    ("tls=true", "cassandra:cassandra@", "the store cannot be"),
    ("tls_ca={ca}", "cassandra:wrong@", "does not let you in"),
    ("tls_ca={ca}", "", "asks for a user and a password"),
    ("tls_ca={ca}", "", "--user NAME, and --password-file FILE"),
    ("tls_ca=/nowhere.pem", "cassandra:cassandra@", "/nowhere.pem"),
    ("tls_ca={ca}&tls_cert={ca}", "cassandra:cassandra@", "go together"),
    ("tls_verify=maybe", "", "full, chain or none"),
    ("password_file=/nowhere", "cassandra@", "cannot be read"),
    ("tls_wrong=1", "", "there is no option"),
])
def test_refusals(store, files, options, user, says):  # noqa: F811
    ended = millrace("cql", "--store", url(store, options.format(ca=files("ca.pem")), user=user), "-e", ASK)
    assert ended.returncode == 1, ended.stderr
    for word in ("at:", "try:") + ((says,) if "cannot be" not in says else ()):
        assert word in ended.stderr, ended.stderr
    assert "cassandra:cassandra" not in ended.stderr and "wrong@" not in ended.stderr


def test_plain_text_to_tls_says_so(store):
    text = refuse("cql", "--store", url(store, user="cassandra:cassandra@"), "-e", ASK)
    assert "tls=true" in text
