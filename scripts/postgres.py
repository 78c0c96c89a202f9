"""A PostgreSQL of our own for tests: an unprivileged server in a folder that goes away."""

import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Postgres:
    """Real PostgreSQL from the system's packages. Refuses root, so it runs as `nobody` then."""

    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin")) + sorted(
            glob.glob("/opt/homebrew/opt/postgresql*/bin"))
        if not found:
            raise FileNotFoundError("no PostgreSQL binaries; scripts/setup --tests installs them")
        self.binaries = pathlib.Path(found[-1])
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-postgres-"))
        self.port = free_port()
        self.process = None
        if os.getuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.demote = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        else:
            self.demote = {}
        self._run("initdb", "-D", str(self.folder / "db"), "-U", "millrace", "-A", "trust", "--no-sync",
                  "-E", "UTF8", "--locale=C.UTF-8")

    def _run(self, name, *arguments):
        subprocess.run([str(self.binaries / name), *arguments], check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **self.demote)

    @property
    def url(self) -> str:
        return f"postgres://millrace@127.0.0.1:{self.port}/postgres"

    def start(self):
        self.process = subprocess.Popen(
            [str(self.binaries / "postgres"), "-D", str(self.folder / "db"), "-p", str(self.port),
             "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.demote)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            ready = subprocess.run(
                [str(self.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)])
            if ready.returncode == 0:
                return self
            time.sleep(0.05)
        raise TimeoutError("PostgreSQL did not come up")

    def query(self, text: str) -> str:
        done = subprocess.run(
            [str(self.binaries / "psql"), self.url, "-qAtc", text], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def stop(self, how=signal.SIGINT):
        """SIGINT is a fast shutdown; SIGQUIT an immediate one, as after a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
        self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.remove()
