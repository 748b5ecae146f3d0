"""The image and the compose file: linted, and as locked up as docs/deploy.md says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.paths import PROJECT

COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text())
SITE = ("migrate", "web", "worker")
DOCKERFILE = (PROJECT / "Dockerfile").read_text()


def test_the_dockerfile_has_no_lint() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [linter, PROJECT / "Dockerfile"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_runs_without_rights() -> None:
    last_stage = DOCKERFILE.rpartition("FROM ")[2]
    assert "\nUSER 10001:10001\n" in last_stage
    assert "chown" not in DOCKERFILE


def test_the_image_gets_every_app_and_no_more() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (PROJECT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    apps = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}
    assert allowed == apps | {"deploy/gunicorn.conf.py", "manage.py", "requirements.txt"}
    assert all((PROJECT / name).exists() for name in allowed)


@pytest.mark.parametrize("name", SITE)
def test_a_container_of_the_site_is_locked_up(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["image"] == COMPOSE["services"]["web"]["image"]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - in the container
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_nothing_listens_beyond_this_machine() -> None:
    ports = [port for one in COMPOSE["services"].values() for port in one.get("ports", [])]
    assert ports == ["127.0.0.1:8000:8000"]


def test_the_site_starts_after_its_migrations() -> None:
    for name in ("web", "worker"):
        assert COMPOSE["services"][name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"}
        }


def test_secrets_are_files_that_are_declared() -> None:
    for service in COMPOSE["services"].values():
        assert set(service["secrets"]) <= COMPOSE["secrets"].keys()
        files = {
            value.removeprefix("/run/secrets/")
            for name, value in service["environment"].items()
            if name.endswith("_FILE")
        }
        assert files == set(service["secrets"])
    ignored = (PROJECT / ".gitignore").read_text().splitlines()
    assert {"/secrets/", "/site.env"} <= set(ignored)
