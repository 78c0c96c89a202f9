"""The registry asked by plain HTTP, for tests that look at codes, sentences and headers."""

import json
import time
import uuid
from urllib.parse import quote

import requests

TYPE = "application/vnd.schemaregistry.v1+json"


class Registry:
    """One registry; every call returns (status, body)."""

    def __init__(self, url, auth=None):
        self.url = url
        self.session = requests.Session()
        self.session.auth = auth

    def call(self, method, path, body=None, headers=None, data=None):
        if body is not None:
            data = json.dumps(body)
        answer = self.session.request(
            method, self.url + path, data=data, timeout=20,
            headers={"Content-Type": TYPE, **(headers or {})})
        return answer.status_code, (json.loads(answer.text) if answer.text else None)

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body):
        return self.call("POST", path, body)

    def put(self, path, body):
        return self.call("PUT", path, body)

    def delete(self, path):
        return self.call("DELETE", path)

    def register(self, subject, schema, kind=None, **more):
        """The id; fails when it is refused."""
        status, answer = self.refuse(subject, schema, kind, **more)
        assert status == 200, answer
        return answer["id"]

    def refuse(self, subject, schema, kind=None, query="", **more):
        text = schema if isinstance(schema, str) else json.dumps(schema)
        body = {"schema": text, **more}
        if kind:
            body["schemaType"] = kind
        return self.post(f"/subjects/{quote(subject, safe='')}/versions{query}", body)

    def code(self, answer, status, code):
        """Checks a refusal; returns its sentence."""
        assert answer[0] == status, answer
        assert answer[1]["error_code"] == code, answer
        return answer[1]["message"]


def record(*fields, name="User", **more):
    """An Avro record: a field is a name of a string, or a whole field."""
    members = [f if isinstance(f, dict) else {"name": f, "type": "string"} for f in fields]
    return {"type": "record", "name": name, "fields": members, **more}


def fresh(prefix="s"):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def eventually(check, seconds=10):
    """The first true answer of a check; for what another process does."""
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
