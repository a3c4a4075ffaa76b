"""The nginx of `docs/operate.md`, as it stands there, in front of a ledger on this machine."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import pytest

if TYPE_CHECKING:
    import trustme

GUIDE: Final = Path(__file__).parents[2] / "docs" / "operate.md"
_START_SECONDS: Final = 30.0
_MAIN: Final = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {guide}
}}
"""


class Nginx:
    """Takes TLS on a loopback port for the ledger at `port`, from terminals with a certificate of the authority alone.

    Skips where no nginx is installed.
    """

    def __init__(self, port: int, authority: trustme.CA, folder: Path) -> None:
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
        if program is None:
            pytest.skip("no nginx is installed here (Debian: apt install nginx-light)")
        with socket.create_server(("127.0.0.1", 0)) as free:
            own_port: int = free.getsockname()[1]
        self.url = f"https://localhost:{own_port}"
        self._port = own_port
        leaf = authority.issue_cert("localhost")
        leaf.private_key_pem.write_to_path(folder / "ledger.key")
        leaf.cert_chain_pems[0].write_to_path(folder / "ledger.pem")
        authority.cert_pem.write_to_path(folder / "terminals-ca.pem")
        config = folder / "nginx.conf"
        config.write_text(_MAIN.format(folder=folder, guide=_of_the_guide(port, own_port, folder)))
        self._argv = [program, "-e", "stderr", "-p", str(folder), "-c", str(config)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._argv, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
            except ConnectionRefusedError:
                assert self._process.poll() is None, self._process.communicate()[1]
                assert time.monotonic() < until, "nginx does not listen"
            else:
                return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()


def _of_the_guide(port: int, own_port: int, folder: Path) -> str:
    """The guide's two pieces of configuration as one, with the addresses and files of this machine."""
    server, certificates = re.findall(r"^```nginx\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    one, two = re.findall(r"server (10\.[\d.]+:\d+) max_fails", server)
    for written, here in (
        (f"server {two} max_fails=1 fail_timeout=5s;\n", "\n"),
        (one, f"127.0.0.1:{port}"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{own_port} ssl;\n{certificates}"),
        ("/etc/ssl/", f"{folder}/"),
    ):
        assert written in server, f"the guide says {written!r} no more"
        server = server.replace(written, here)
    return server
