"""The units of systemd are valid, run what exists, and may touch little."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.support.paths import PROJECT

UNITS = PROJECT / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
TIMERS = sorted(path.name for path in UNITS.glob("*.timer"))
LARGEST_EXPOSURE = 20  # of 100; most of it is the network, which it needs

SYSTEMD = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(not SYSTEMD, reason="systemd is not installed")


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SYSTEMD), "--no-pager", *arguments],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with programs that this machine has: systemd looks for them."""
    folder = Path(shutil.copytree(UNITS, tmp_path / "units"))
    for service in folder.glob("*.service"):
        text = service.read_text()
        service.write_text(text.replace("/srv/tabletop/current/.venv/bin", f"{sys.prefix}/bin"))
    return folder


@needs_systemd
def test_all_units_are_valid(units: Path) -> None:
    done = analyze(units, "verify", *(str(units / name) for name in SERVICES + TIMERS))
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("name", ["tabletop-web.service", "tabletop-check.service"])
def test_a_service_may_touch_little(units: Path, name: str) -> None:
    done = analyze(
        units, "security", "--offline=true", f"--threshold={LARGEST_EXPOSURE}", str(units / name)
    )
    assert done.returncode == 0, done.stdout


def test_each_timer_starts_a_service() -> None:
    assert {Path(name).with_suffix(".service").name for name in TIMERS} <= set(SERVICES)
    services = {Path(name).stem for name in SERVICES}
    assert services - {Path(name).stem for name in TIMERS} == {"tabletop-web", "tabletop-worker"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_runs_something_that_exists(name: str) -> None:
    (start,) = (
        line.partition("=")[2]
        for line in (UNITS / name).read_text().splitlines()
        if line.startswith("ExecStart=")
    )
    program, *arguments = start.split()
    if program.endswith("/gunicorn"):
        assert arguments == ["--config", "deploy/gunicorn.conf.py", "config.wsgi"]
        return
    assert program.endswith("/.venv/bin/python")
    script, command, *options = arguments
    assert script == "manage.py"
    app = get_commands()[command]
    assert isinstance(app, str)
    load_command_class(app, command).create_parser("manage.py", command).parse_args(options)
