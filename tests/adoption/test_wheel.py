"""The wheel, installed beside what it declares to need and nothing else, away from the source."""

from __future__ import annotations

import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pytest_django.plugin import DjangoDbBlocker

import mirror
from tests.adoption import bare
from tests.support.manage import database_url
from tests.support.paths import PROJECT

NOT_INSTALLED = {"LICENSE", "README.md", "pyproject.toml"}
GUIDE = (PROJECT / "docs" / "adopting.md").read_text()
# A block of Python whose first line says in which file of the new project it belongs.
FILE = re.compile(r"^```python\n# (\S+\.py)(, at the end)?\n(.+?)^```", re.DOTALL | re.MULTILINE)


@dataclass
class Project:
    """A project made by ``startproject``, with an interpreter that has the wheel."""

    python: Path
    folder: Path

    def run(self, *arguments: str) -> str:
        """Run Python with these arguments, warnings as errors; return what it printed."""
        done = subprocess.run(
            [self.python, "-W", "error", *arguments],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true"},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shell(self, code: str) -> str:
        """Run this in Django's shell."""
        return self.run("manage.py", "shell", "--no-imports", "-c", dedent(code))

    def append(self, name: str, code: str) -> None:
        """Write this at the end of a file."""
        with (self.folder / name).open("a") as file:
            file.write(f"\n{code}\n")

    def follow(self, guide: str) -> None:
        """Write what the guide says into the files that it names."""
        for name, at_the_end, code in FILE.findall(guide):
            if not at_the_end:
                (self.folder / name).write_text("")
            self.append(name, code)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel; the sdist that it was built from lies beside it."""
    return bare.build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, str]]:
    """An empty database on the server of the tests, as Django's settings."""
    with django_db_blocker.unblock():
        address = database_url()
    given = {name.upper(): str(value) for name, value in conninfo_to_dict(address).items()}
    name = f"{given.pop('DBNAME')}_of_an_adopter"
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield {"ENGINE": "django.db.backends.postgresql", "NAME": name, **given}
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def project(
    wheel: Path, database: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """A new project that has done what docs/adopting.md says."""
    folder = tmp_path_factory.mktemp("project")
    # The driver is the project's own choice.
    project = Project(bare.install(wheel, folder / ".venv", "psycopg[binary]"), folder)
    project.run("-m", "django", "startproject", "shop", ".")
    project.run("manage.py", "startapp", "songs")
    project.follow(GUIDE)
    project.follow(
        f"```python\n# shop/settings.py, at the end\nDATABASES['default'] = {database}\n```"
    )
    project.run("manage.py", "makemigrations", "songs")
    project.run("manage.py", "migrate")
    return project


def files_of_the_package() -> set[str]:
    """Return them as paths below ``mirror/``."""
    folder = PROJECT / "mirror"
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_wheel_and_sdist_have_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        licence = archive.read(next(name for name in names if name.endswith("licenses/LICENSE")))
    expected = {f"mirror/{name}" for name in files_of_the_package() - NOT_INSTALLED}
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert licence == (PROJECT / "LICENSE").read_bytes()

    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as archive:
        packed = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert packed >= files_of_the_package()


def test_every_module_is_imported_without_help(project: Project) -> None:
    # `prometheus_client` is missing here, as is what makes Django's classes generic.
    project.shell(
        """
        import importlib, pathlib, pkgutil, sys, mirror
        for module in pkgutil.walk_packages(mirror.__path__, "mirror."):
            if module.name != "mirror.monitoring":  # needs the extra "metrics"
                importlib.import_module(module.name)
        assert pathlib.Path(mirror.__file__).is_relative_to(sys.prefix)
        assert not {"prometheus_client", "django_stubs_ext"} & sys.modules.keys()
        """
    )


def test_templates_and_static_files_are_found(project: Project) -> None:
    names = files_of_the_package()
    templates = [n.removeprefix("templates/") for n in names if n.startswith("templates/")]
    static = [n.removeprefix("static/") for n in names if n.startswith("static/")]
    assert templates
    assert static
    project.shell(
        f"""
        from django.contrib.staticfiles import finders
        from django.template.loader import get_template
        for name in {templates}: get_template(name)
        for name in {static}: assert finders.find(name), name
        """
    )


def test_its_migrations_have_run(project: Project) -> None:
    listed = project.run("manage.py", "showmigrations", "--list", "mirror")
    migrations = (PROJECT / "mirror" / "migrations").glob("0*.py")
    assert re.findall(r"\[X\] (\w+)", listed) == sorted(path.stem for path in migrations)
    project.run("manage.py", "makemigrations", "--check", "--dry-run")


def test_the_pages_for_staff_are_served(project: Project) -> None:
    project.shell(
        """
        from django.contrib.auth.models import User
        from django.test import Client
        from songs.models import Album, Song
        song = Song.objects.create(title="Lamps", album=Album.objects.create(name="By the sea"))
        staff = Client(headers={"host": "localhost"})
        staff.force_login(User.objects.create_superuser("staff"))
        for page in ("", "mirror/", "mirror/search/", "mirror/ledgerentry/", "songs/song/"):
            assert staff.get(f"/admin/{page}").status_code == 200, page
        """
    )


def test_it_has_the_version_of_the_source(wheel: Path) -> None:
    assert wheel.name.startswith(f"django_dynamodb_mirror-{mirror.__version__}-")
