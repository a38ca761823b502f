"""A real PostgreSQL, run by an unprivileged user, with a database for each test."""

import os
import pwd
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.services.children import children_of
from tests.services.ports import free_port
from tests.services.process import start, stop, wait_until

#: Where Debian keeps its versions.
VERSIONS = Path("/usr/lib/postgresql")
#: PostgreSQL refuses to run as root; its package brings this user.
USER = "postgres"
#: Whoever is on the network of the address that it listens on may come in.
NETWORK = "host all all samenet trust\n"


class PostgresServer:
    """postgres in `folder`, durable as in production, that tests may kill and start again."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int | None = None) -> None:
        self.folder = folder
        self.host = host
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._names = 0

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://intake@{self.host}:{self.port}/{database}"

    def start(self, *prefix: str, **settings: str) -> None:
        """Run it, by the words of `prefix` if there are any; `settings` as in postgresql.conf."""
        if not (self.folder / "data").exists():
            self._make()
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        listening = ["-h", self.host, "-p", str(self.port), "-k", str(self.folder)]
        argv = [*prefix, *_unprivileged(), program("postgres"), "-D", str(self.folder / "data"), *listening]
        process = self.process = start([*argv, *words], self.folder / "postgres.log")
        wait_until(self._answers, 30, alive=lambda: process.poll() is None)

    def _make(self) -> None:
        if os.getuid() == 0 and not _is_alone():
            subprocess.run(["chown", USER, str(self.folder)], check=True)
        # Where ids are not sorted by their bytes unless somebody says so.
        locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"]
        argv = [*_unprivileged(), program("initdb"), "-D", str(self.folder / "data"), "-U", "intake", *locale]
        subprocess.run([*argv, "--auth=trust"], check=True, capture_output=True, timeout=60)
        for file, line in ("postgresql.conf", "max_wal_size = 2GB\n"), ("pg_hba.conf", NETWORK):
            settings = self.folder / "data" / file
            settings.write_text(settings.read_text() + line)

    def _answers(self) -> bool:
        return self._tool("pg_isready", "-q").returncode == 0

    def create(self, template: str = "template1") -> str:
        """Make a database like the template and return its name."""
        self._names += 1
        name = f"test_{os.getpid()}_{self._names}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> str:
        """Run SQL past the product, as the superuser; return the rows as unaligned text."""
        done = self._tool("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _tool(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [program(name), "-h", str(self.folder), "-p", str(self.port), "-U", "intake", *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # "fast": ends every session
            stop(self.process)

    def kill(self) -> None:
        """Kill the server and every process of it, as the loss of the machine would."""
        if self.process:
            everybody = [self.process.pid, *children_of(self.process.pid)]
            for pid in everybody:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()

    def restart(self, *prefix: str) -> None:
        """Start again what was killed: not before the last process has let go of the shared memory."""
        deadline = time.monotonic() + 20
        while True:
            try:
                return self.start(*prefix)
            except AssertionError:
                assert time.monotonic() < deadline, (self.folder / "postgres.log").read_text()[-2000:]


def program(name: str) -> str:
    """Return the path of a program of the newest version that is installed."""
    found = sorted(VERSIONS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    assert found, "PostgreSQL is not installed; run: make tools"
    return str(found[-1])


def _unprivileged() -> tuple[str, ...]:
    if os.getuid() != 0:
        return ()
    if _is_alone():
        # Somebody who is on every machine: initdb asks for the name.
        nobody = pwd.getpwnam("nobody")
        return ("unshare", "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
    return ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups")


def _is_alone() -> bool:
    """Tell whether this is root of a user namespace that has nobody else in it (user_namespaces(7))."""
    return Path("/proc/self/uid_map").read_text().split()[2] == "1"
