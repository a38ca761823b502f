"""Debian's real nginx in front of a gateway, configured as the documentation says."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.stack.child import find_program
from tests.services.ports import free_port
from tests.services.process import short_folder, start, stop, wait_until

CONFIGURATION = Path(__file__).parents[2] / "config" / "nginx" / "intake.conf"

#: What somebody has who configures nothing but the way to the gateway.
FORGOTTEN = "location / { proxy_pass http://intake; }"

_MAIN = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream intake {{ server 127.0.0.1:{gateway_port}; keepalive 32; }}
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
    server {{
        listen 127.0.0.1:{secure_port} ssl http2;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        {server}
    }}
}}
"""


class Nginx:
    """One nginx: plain HTTP on `port`, HTTPS with HTTP/2 on `secure_port`."""

    def __init__(self, folder: Path, gateway_port: int, server: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.secure_port = free_port()
        # Started by root, its workers would run as somebody who may not enter the folder.
        user = "user root;" if folder.owner() == "root" else ""
        text = _MAIN.format(
            user=user,
            folder=folder,
            gateway_port=gateway_port,
            port=self.port,
            secure_port=self.secure_port,
            server=server,
        )
        (folder / "nginx.conf").write_text(text)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def secure_url(self) -> str:
        return f"https://127.0.0.1:{self.secure_port}"


def configured() -> str:
    """The server block that the documentation asks for."""
    return f"include {CONFIGURATION};"


@contextmanager
def nginx_before(gateway_port: int, server: str) -> Iterator[Nginx]:
    """Run nginx in front of the gateway on that port."""
    with short_folder() as folder:
        make_certificate(folder)
        nginx = Nginx(folder, gateway_port, server)
        argv = [
            str(find_program("nginx")),
            "-e",
            f"{folder}/error.log",
            "-p",
            str(folder),
            "-c",
            f"{folder}/nginx.conf",
        ]
        process = start(argv, folder / "nginx.log")
        try:
            wait_until((folder / "nginx.pid").exists, alive=lambda: process.poll() is None)
            yield nginx
        finally:
            stop(process)


def make_certificate(folder: Path) -> None:
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
               "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
               "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]  # fmt: skip
    subprocess.run(request, check=True, capture_output=True, timeout=20)
