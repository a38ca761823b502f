"""A real object store that speaks S3: Ceph's gateway (RGW) before one monitor and one storage daemon."""

import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from shutil import which

from tests.services.object_store import CREDENTIALS, ObjectStore
from tests.services.ports import free_ports
from tests.services.process import start

#: The daemons, in the order in which they need each other, and the words that say which one it is.
DAEMONS: Mapping[str, tuple[str, ...]] = {
    "ceph-mon": ("-i", "a"),
    "ceph-osd": ("-i", "0"),
    "radosgw": ("-n", "client.rgw.a"),
}
TOOLS = ("ceph", "ceph-authtool", "radosgw-admin")
#: Who there is: the daemons, and the one who sets it up.
_NAMES = ("mon.", "osd.0", "client.rgw.a", "client.admin")
_HOST = "127.0.0.1"
#: One for the gateway, one for the monitor; the storage daemon takes seven, and others after each restart.
_PORTS = 41
#: The size of a sparse file, which grows by what is stored.
_DISK_BYTES = 20 << 30
_TOOL_SECONDS = 120


class CephServer(ObjectStore):
    """Ceph in three processes, durable as in production but for its copies: there is one of each byte."""

    def __init__(self, folder: Path) -> None:
        if missing := [program for program in (*DAEMONS, *TOOLS) if not which(program)]:
            raise AssertionError(f"Ceph is not installed ({', '.join(missing)}); run: config/setup.sh ceph")
        super().__init__(folder, _HOST, free_ports(_PORTS))
        self.processes: list[subprocess.Popen[bytes]] = []
        self._configuration = folder / "ceph.conf"

    @property
    def is_running(self) -> bool:
        return bool(self.processes) and all(process.poll() is None for process in self.processes)

    def start(self) -> None:
        self.kill()  # what may be left of it
        is_new = not self._configuration.exists()
        if is_new:
            self._make()
        self.processes = [self._daemon("ceph-mon")]
        if is_new:
            disk = str(uuid.uuid4())
            self._run("ceph", "osd", "new", disk, "0")
            self._run("ceph-osd", *DAEMONS["ceph-osd"], "--mkfs", "--osd-uuid", disk)
        self.processes.append(self._daemon("ceph-osd"))
        if is_new:
            key, secret = CREDENTIALS.values()
            user = ("--uid=test", "--display-name=test", f"--access-key={key}", f"--secret-key={secret}")
            self._run("radosgw-admin", "user", "create", *user)
        self.processes.append(self._daemon("radosgw"))
        self._until_it_serves()

    def _make(self) -> None:
        """Write what the daemons are told, and let the monitor make its files."""
        for name in ("mon", "osd", "rgw"):
            (self.folder / name).mkdir()
        sections = {"global": self._settings(), "mon": {"public_addrv": self._monitor}}
        lines = [
            line
            for section, settings in sections.items()
            for line in (f"[{section}]", *(f"{name} = {value}" for name, value in settings.items()))
        ]
        self._configuration.write_text("\n".join([*lines, ""]))
        keyring = str(self.folder / "keyring")
        may = [word for kind in ("mon", "osd") for word in ("--cap", kind, "allow *")]
        for name in _NAMES:
            created = () if name != _NAMES[0] else ("--create-keyring",)
            self._run("ceph-authtool", keyring, *created, "--gen-key", "-n", name, *may)
        self._run("ceph-mon", *DAEMONS["ceph-mon"], "--mkfs", "--keyring", keyring)

    @property
    def _monitor(self) -> str:
        return f"[v2:{_HOST}:{self.port + 1}]"

    def _settings(self) -> Mapping[str, object]:
        folder = self.folder
        return {
            "fsid": uuid.uuid4(),
            "mon_host": self._monitor,
            "ms_bind_msgr1": "false",
            "ms_bind_port_min": self.port + 2,
            "ms_bind_port_max": self.port + _PORTS - 1,
            "public_addr": _HOST,
            "cluster_addr": _HOST,
            "keyring": folder / "keyring",
            "run_dir": folder,
            "crash_dir": folder,
            "admin_socket": "",
            "log_file": folder / "$name.log",
            "mon_cluster_log_file": folder / "cluster.log",
            "mon_data": folder / "mon",
            "osd_data": folder / "osd",
            "rgw_data": folder / "rgw",
            # It ends when the disk is nearly full: but the disk is not its own.
            "mon_data_avail_crit": 0,
            "mon_allow_pool_size_one": "true",
            "osd_pool_default_size": 1,
            "osd_pool_default_min_size": 1,
            "osd_pool_default_pg_num": 1,
            "osd_pool_default_pg_autoscale_mode": "off",
            "osd_crush_chooseleaf_type": 0,
            "osd_memory_target": 1 << 30,
            "bluestore_block_size": _DISK_BYTES,
            # It starts in 6 s instead of 17.
            "paxos_propose_interval": 0.05,
            "objecter_tick_interval": 0.5,
            "objecter_timeout": 1,
            "rgw_frontends": f"beast endpoint={_HOST}:{self.port}",
            "rgw_thread_pool_size": 64,
        }

    def _daemon(self, name: str) -> subprocess.Popen[bytes]:
        argv = [name, "-c", str(self._configuration), *DAEMONS[name], "-f"]
        return start(argv, self.folder / f"{name}.out")

    def _run(self, program: str, *words: str) -> None:
        argv = [program, "-c", str(self._configuration), *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_TOOL_SECONDS, check=False)
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        """Kill it: it keeps all that it acknowledged."""
        self.kill()

    def kill(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
