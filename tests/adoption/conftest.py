"""Fixtures: the wheel, an environment that has it, databases, and AWS's stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pytest_django.plugin import DjangoDbBlocker

from tests.adoption import bare
from tests.adoption.project import Project
from tests.matrix import postgres
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
    """A Python that has the wheel, and what the projects themselves choose."""
    others = ("psycopg[binary]", "pillow")  # the driver, and what ImageField needs
    return bare.install(wheel, tmp_path_factory.mktemp("environment"), *others)


@pytest.fixture(scope="session")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> str:
    """The address of the tests' own database."""
    with django_db_blocker.unblock():
        return database_url()


@pytest.fixture(scope="session")
def hstore_server(server: str) -> Iterator[str | None]:
    """The address of a PostgreSQL that has the extension hstore; None if there is none here.

    The embedded one lacks it. Debian's has it.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if has_hstore(server):
        yield server
    elif programs:
        with TemporaryDirectory(prefix="hstore-") as name:
            folder = Path(name)
            folder.chmod(0o755)  # PostgreSQL runs as somebody else
            with postgres.serve(programs[-1], folder) as address:
                yield address if has_hstore(address) else None
    else:
        yield None


def has_hstore(server: str) -> bool:
    """Whether ``CREATE EXTENSION hstore`` would work there."""
    with psycopg.connect(server) as connection:
        found = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'hstore'")
        return found.rowcount == 1


@pytest.fixture(scope="session")
def start(
    python: Path, moto_address: str, server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    """A function that gives a project of this name a folder and an empty database.

    It takes the address of another server, too.
    """
    aws = {
        "AWS_ENDPOINT_URL": moto_address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with ExitStack() as stack:

        def make(name: str, server: str = server) -> Project:
            folder = tmp_path_factory.mktemp(name)
            given = {key.upper(): str(value) for key, value in conninfo_to_dict(server).items()}
            database = f"{given.pop('DBNAME')}_{name}_{token_hex(4)}"  # several run side by side
            execute(server, f'CREATE DATABASE "{database}"')
            stack.callback(drop, server, database)
            entry = {"ENGINE": "django.db.backends.postgresql", "NAME": database, **given}
            (folder / "database.py").write_text(f"DATABASES = {{'default': {entry!r}}}\n")
            return Project(python, folder, dict(aws))  # each may change its own

        yield make


def drop(server: str, database: str) -> None:
    """Drop the database, unless its server is gone by now."""
    with suppress(psycopg.OperationalError):
        execute(server, f'DROP DATABASE "{database}" WITH (FORCE)')


def execute(server: str, statement: str) -> None:
    """Execute a statement that cannot run in a transaction."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


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
