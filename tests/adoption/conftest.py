"""Fixtures: the wheel, an environment that has it, databases, and AWS's stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pytest_django.plugin import DjangoDbBlocker

from tests.adoption import bare
from tests.adoption.project import Project
from tests.support.manage import database_url
from tests.support.paths import PROJECT

Start = Callable[..., Project]

GUIDE = (PROJECT / "docs" / "adopting.md").read_text()
LAST_STEP = "## 5. Start"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel; the sdist that it was built from lies beside it."""
    return bare.build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel, and the driver as the project's own choice."""
    return bare.install(wheel, tmp_path_factory.mktemp("environment"), "psycopg[binary]")


@pytest.fixture(scope="session")
def start(
    python: Path,
    moto_address: str,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Start]:
    """A function that gives a project of this name a folder and an empty database."""
    with django_db_blocker.unblock():
        address = database_url()
    given = {name.upper(): str(value) for name, value in conninfo_to_dict(address).items()}
    tests = given.pop("DBNAME")
    aws = {
        "AWS_ENDPOINT_URL": moto_address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with psycopg.connect(address, autocommit=True) as server, ExitStack() as stack:

        def make(name: str, **others: Any) -> Project:
            folder = tmp_path_factory.mktemp(name)
            database = f"{tests}_{name}"
            server.execute(f'CREATE DATABASE "{database}"')
            stack.callback(server.execute, f'DROP DATABASE "{database}" WITH (FORCE)')
            entry = {"ENGINE": "django.db.backends.postgresql", "NAME": database, **given}
            databases = {"default": entry, **others}
            (folder / "database.py").write_text(f"DATABASES = {databases!r}\n")
            return Project(python, folder, aws)

        yield make


@dataclass
class Followed:
    """A project that has done what the guide says."""

    project: Project
    printed: str  # by the commands of the last step


@pytest.fixture(scope="session")
def shop(start: Start) -> Followed:
    """The guide's own project. It had two rows before its last step."""
    project = start("shop")
    project.follow(GUIDE[: GUIDE.index(LAST_STEP)])
    project.shell(
        """
        from songs.models import Album, Song
        sea = Album.objects.create(name="By the sea")
        Song.objects.create(title="Lamps", lyrics="The ninth lamp", album=sea)
        Song.objects.create(title="Fog", lyrics="fog " * 20_000, album=sea, chords=["a", 0.5])
        """
    )
    return Followed(project, project.follow(GUIDE[GUIDE.index(LAST_STEP) :]))
