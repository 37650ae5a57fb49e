"""HAProxy and nginx in front of a running gateway, with config/deploy's files: mail goes through, and the client's address."""

from __future__ import annotations

import http.client
import json
import shutil
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from doors.listener import certify
from ports import free_port
from pysqlite3 import dbapi2 as sqlite
from work.place import ROOT, Place

pytestmark = pytest.mark.slow

DEPLOY = ROOT / "config/deploy"
CLIENT = "127.0.0.77"
KEY = "a key of thirty-two characters.."
MAIL = b"From: Ann <ann@example.org>\r\nSubject: x\r\n\r\nhello\r\n"


class Gateway(Place):
    """`mailgate serve`, whose balancer is this machine."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.web = free_port()
        (folder / "mailgate.toml").write_text(
            f'[smtp]\nport = {self.port}\nproxies = ["127.0.0.1/32"]\n'
            f'[web]\nport = {self.web}\nkeys = [{{ name = "shop", key = "{KEY}" }}]\n'
        )

    def ready(self) -> bool:
        try:
            return ask(self.web, "GET", "/readyz")[0] == 200
        except OSError:
            return False

    def peers(self) -> list[tuple[str, str]]:
        """Door and client of each mail that was taken."""
        with sqlite.connect(self.folder / "var/mailgate.db") as db:
            rows = db.execute("SELECT door, envelope FROM messages ORDER BY decided, id").fetchall()
        return [(door, json.loads(envelope).get("peer", "")) for door, envelope in rows]


def ask(port: int, method: str, path: str, tls: bool = False) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    if tls:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=trusting)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "message/rfc822"}
    try:
        connection.request(method, path, MAIL if method == "POST" else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path_factory.mktemp("desk"))
    gateway.start()
    try:
        gateway.until(gateway.ready)
        yield gateway
    finally:
        gateway.stop()


def adapted(name: str, *changes: tuple[str, str]) -> str:
    """A file of config/deploy; each change must change something."""
    text = (DEPLOY / name).read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def state(stats: Path, server: str) -> str:
    """What HAProxy holds of a server of its own."""
    with socket.socket(socket.AF_UNIX) as sock, sock.makefile() as said:
        sock.connect(str(stats))
        sock.sendall(b"show stat\n")
        return next(line for line in said if line.startswith(server))


def run(program: str, *words: str | Path) -> subprocess.Popen[bytes]:
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert found, f"{program} is missing: make tools"
    return subprocess.Popen([found, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def answers(port: int, path: str, tls: bool = False) -> int:
    try:
        return ask(port, "GET", path, tls)[0]
    except OSError:
        return 0


def test_haproxy(gateway: Gateway, tmp_path: Path) -> None:
    """Two nodes, of which one is away: mail goes to the other, also before its health says so."""
    smtp, web, away = free_port(), free_port(), free_port()
    text = adapted(
        "haproxy.cfg",
        ("maxconn 4000\n", f"maxconn 4000\n    stats socket {tmp_path}/stats\n"),
        ("bind :25\n", f"bind 127.0.0.1:{smtp}\n"),
        ("bind 127.0.0.1:8080", f"bind 127.0.0.1:{web}"),
        ("192.0.2.11:2525", f"127.0.0.1:{gateway.port}"),
        ("192.0.2.12:2525", f"127.0.0.1:{away}"),
        ("192.0.2.11:8025", f"127.0.0.1:{gateway.web}"),
        ("192.0.2.12:8025", f"127.0.0.1:{away}"),
    )
    first, second = (line for line in text.splitlines() if "send-proxy-v2" in line)
    text = text.replace(first, first.replace("port 8025", f"port {gateway.web}"))
    text = text.replace(second, second.replace("port 8025", f"port {away}"))
    (tmp_path / "haproxy.cfg").write_text(text)
    before = len(gateway.peers())
    process = run("haproxy", "-db", "-f", tmp_path / "haproxy.cfg")
    try:
        gateway.until(lambda: answers(web, "/v1/messages"))
        gateway.until(lambda: "DOWN" in state(tmp_path / "stats", "mailgate_smtp,two"))
        for n in range(4):
            with smtplib.SMTP("127.0.0.1", smtp, timeout=20, source_address=(CLIENT, 0)) as client:
                client.sendmail(f"ann{n}@example.org", ["support@example.com"], MAIL)
        assert {ask(web, "POST", "/v1/messages")[0] for _ in range(2)} == {202}
        assert [answers(web, path) for path in ("/metrics", "/readyz", "/")] == [403, 403, 403]
        gateway.until(lambda: len(gateway.peers()) == before + 6)
    finally:
        process.terminate()
        process.wait(20)
    assert gateway.peers()[before:] == [("smtp", CLIENT)] * 4 + [("http", "")] * 2


def test_nginx(gateway: Gateway, tmp_path: Path) -> None:
    port = free_port()
    pair = certify(tmp_path)
    block = adapted(
        "nginx.conf",
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("    listen [::]:443 ssl;\n", ""),
        ("/etc/ssl/mailgate/fullchain.pem", pair["tls_cert"]),
        ("/etc/ssl/mailgate/privkey.pem", pair["tls_key"]),
        ("127.0.0.1:8025", f"127.0.0.1:{gateway.web}"),
    )
    temporary = " ".join(
        f"{each}_temp_path {tmp_path / each};"
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; events {{}} pid {tmp_path}/pid; error_log {tmp_path}/errors;\n"
        f"http {{ access_log off; {temporary} {block} }}"
    )
    before = len(gateway.peers())
    process = run("nginx", "-p", tmp_path, "-c", tmp_path / "nginx.conf")
    try:
        gateway.until(lambda: answers(port, "/healthz", tls=True) == 200)
        assert ask(port, "POST", "/v1/messages", tls=True)[0] == 202
        assert [answers(port, path, tls=True) for path in ("/metrics", "/readyz", "/")] == [404, 404, 404]
        gateway.until(lambda: len(gateway.peers()) == before + 1)
    finally:
        process.terminate()
        process.wait(20)
    assert gateway.peers()[before:] == [("http", "")]
