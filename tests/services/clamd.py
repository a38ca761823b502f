"""A real clamd on a Unix socket, with a small set of test signatures."""

import socket
import subprocess
from pathlib import Path

from config.stack.clamav import CLAMD
from tests.services.process import start, stop, wait_until

#: The 68 bytes that every scanner knows (https://www.eicar.org); built so that this file is none.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-" + b"TEST-FILE!$H+H*"
#: Signature of EICAR anywhere in any file, in ClamAV's extended format (.ndb).
EICAR_NDB = f"Eicar.Test:0:*:{EICAR.hex()}\n"
#: Signature (.hsb) of the program inside every file of Debian's `clamav-testfiles`: its SHA-256 and size.
CLAM_HSB = "71e7b604d18aefd839e51a39c88df8383bb4c071dc31f87f00a2b5df580d4495:544:Test.ClamExe:73\n"


class ClamdServer:
    """clamd in `folder` that tests may stop, kill, and start again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "clamd.sock"
        self.database = folder / "db"
        self.process: subprocess.Popen[bytes] | None = None
        self.database.mkdir(parents=True, exist_ok=True)
        (folder / "tmp").mkdir(exist_ok=True)
        (self.database / "test.ndb").write_text(EICAR_NDB)
        (self.database / "test.hsb").write_text(CLAM_HSB)

    def start(self, *prefix: str) -> None:
        config = self.folder / "clamd.conf"
        configured = CLAMD.format(sockets=self.folder, signatures=self.database, scratch=self.folder / "tmp")
        config.write_text(f"{configured}LogFile {self.folder}/clamd.log\n")
        process = self.process = start(
            [*prefix, "/usr/sbin/clamd", "-c", str(config)], self.folder / "clamd.out"
        )
        wait_until(self._pings, 60, alive=lambda: process.poll() is None)

    def _pings(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.socket))
            client.sendall(b"zPING\0")
            return client.recv(64) == b"PONG\0"

    def stop(self) -> None:
        if self.process:
            stop(self.process)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
