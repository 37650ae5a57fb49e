"""The files of config/deploy: the programs that read them understand them, and they name nothing that is not. How
they work is in test_balancers, and beside the doors in test_pipes, test_exim and test_dovecot_front."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from doors.ground import unpacked
from ports import free_port
from pydantic import BaseModel
from starlette.routing import Route

from mailgate import config as settings
from mailgate.cli.root import command
from mailgate.config import Config
from mailgate.deliver import OPTIONS
from mailgate.web import door
from mailgate.web.health import Health
from mailgate.web.metrics import Metrics

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "config/deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())
PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


def tool(name: str) -> str:
    found = shutil.which(name, path=PATH)
    assert found, f"{name} is missing: make tools"
    return found


def run(*words: str | Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a program that exists here."""
    for path in FILES:
        if path.suffix in (".service", ".socket"):
            (tmp_path / path.name).write_text(
                path.read_text().replace("/opt/mailgate/bin/mailgate", "/bin/true")
            )
    return tmp_path


def test_systemd_understands_the_units(units: Path) -> None:
    said = run(tool("systemd-analyze"), "verify", *sorted(units.iterdir()))
    assert [line for line in said.splitlines() if "mailgate" in line] == []


def test_the_service_is_confined(units: Path) -> None:
    said = run(tool("systemd-analyze"), "security", "--offline=true", units / "mailgate.service")
    exposure = re.search(r"Overall exposure level for mailgate\.service: ([0-9.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= 2.0


def test_haproxy_understands_its_file() -> None:
    run(tool("haproxy"), "-c", "-f", DEPLOY / "haproxy.cfg")


def test_nginx_understands_its_file(tmp_path: Path) -> None:
    program = tool("nginx")
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3 -subj /CN=x"
    run(*make.split(), "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem")
    block = (DEPLOY / "nginx.conf").read_text().replace("/etc/ssl/mailgate", str(tmp_path))
    temp = "".join(
        f"{each}_temp_path {tmp_path / each}; "
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    block = block.replace("443", str(free_port()))  # it is bound for a moment, which is for root alone
    whole = (
        f"events {{}} pid {tmp_path}/pid; error_log {tmp_path}/e; http {{ access_log off; {temp} {block} }}"
    )
    (tmp_path / "nginx.conf").write_text(whole)
    run(program, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf")


def test_postfix_understands_its_files(tmp_path: Path) -> None:
    program = tool("postconf")
    (tmp_path / "main.cf").write_text(
        "compatibility_level = 3.6\n" + (DEPLOY / "postfix-main.cf").read_text()
    )
    lmtp = "lmtp unix - - y - - lmtp\n"  # as Postfix ships it
    (tmp_path / "master.cf").write_text(lmtp + (DEPLOY / "postfix-master.cf").read_text())
    said = run(program, "-c", tmp_path, "-n")
    assert "warning" not in said
    assert "tickets.example.com=lmtp:inet:127.0.0.1:2424" in said
    assert "flags=q" in run(program, "-c", tmp_path, "-M", "mailgate/unix")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_command_and_option_exists(path: Path) -> None:
    commands = command().commands  # type: ignore[attr-defined]
    text = re.sub(r"--config \S+", "", path.read_text())
    for name, rest in re.findall(r"(?:bin/mailgate|\"mailgate\",)[ \"]+([a-z]+)\b(.*)", text):
        assert name in commands, f"{path.name}: mailgate {name}"
        known = {option for each in commands[name].params for option in each.opts} | (
            set(OPTIONS) if name == "deliver" else set()
        )
        assert set(re.findall(r"--[a-z-]+", rest)) <= known


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_exists(path: Path) -> None:
    text = path.read_text()
    assert settings.unknown_variables(dict.fromkeys(re.findall(r"\bMAILGATE_[A-Z_]+\b", text), "")) == []
    for section, key in re.findall(r"\b(smtp|lmtp|web|trust|gateway|relay)\.([a-z_]+)\b(?! *\()", text):
        if key not in ("sock", "cf", "conf", "example", "key"):
            model = Config.model_fields[section].annotation
            assert isinstance(model, type)
            assert issubclass(model, BaseModel)
            assert key in model.model_fields, f"{path.name}: {section}.{key}"


def test_paths_that_are_asked_for_exist(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path)
    app = door.make(config, lambda *_: None, Health(config))  # type: ignore[arg-type,return-value]
    routes = {route.path for route in app.routes if isinstance(route, Route)}
    for path in FILES:
        for asked in re.findall(r"/(?:readyz|healthz|metrics)\b(?!_)", path.read_text()):
            assert asked in routes
    assert all(
        path.startswith("/v1/") or path.count("/") == 1 for path in routes
    )  # what nginx.conf lets through


@pytest.mark.slow
def test_prometheus_understands_its_files(tmp_path: Path) -> None:
    """promtool comes with a server and its pages, of which nothing is installed."""
    program = unpacked("prometheus", ("prometheus",), "usr/bin/promtool")
    rules = DEPLOY / "prometheus-alerts.yml"
    text = (DEPLOY / "prometheus.yml").read_text() + f"rule_files: [{rules}]\n"
    key = text.replace("    # authorization:\n    #   ", "    authorization:\n      ")
    assert key != text
    (tmp_path / "mailgate.key").write_text("x")
    (tmp_path / "prometheus.yml").write_text(key.replace("/etc/prometheus", str(tmp_path)))
    said = run(program, "check", "config", tmp_path / "prometheus.yml")
    assert f"{rules.read_text().count('- alert:')} rules found" in said


def test_metrics_that_alerts_look_at_exist(tmp_path: Path) -> None:
    from mailgate.counters import FAMILIES

    page = (ROOT / "mailgate/web/metrics.py").read_text()
    for name in re.findall(r"mailgate_([a-z_]+)", (DEPLOY / "prometheus-alerts.yml").read_text()):
        assert name.removesuffix("_total") in FAMILIES or f'"{name}"' in page or f"mailgate_{name}" in page, (
            name
        )
    assert Metrics(Config(data_dir=tmp_path), Health(Config(data_dir=tmp_path))).text()


def test_the_image_copies_what_exists_and_lets_in_what_it_copies() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    allowed = {
        line[1:]
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.*)$", text, flags=re.M) for word in line.split()[:-1]
    }
    assert copied == allowed
    assert all((ROOT / each).exists() for each in copied)
    assert re.search(r"^USER mailgate$", text, flags=re.M)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"'\.\[(.*?)\]'", text)[0].split(",")) <= set(extras)
