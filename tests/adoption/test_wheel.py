"""The wheel, installed beside what it declares to need and nothing else, away from the source."""

from __future__ import annotations

import re
import tarfile
import zipfile
from pathlib import Path

import mirror
from tests.adoption.conftest import Followed
from tests.support.paths import PROJECT

NOT_INSTALLED = {"LICENSE", "README.md", "pyproject.toml"}


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


def test_every_module_is_imported_without_help(shop: Followed) -> None:
    # `prometheus_client` is missing here, as is what makes Django's classes generic.
    shop.project.shell(
        """
        import importlib, pathlib, pkgutil, sys, mirror
        for module in pkgutil.walk_packages(mirror.__path__, "mirror."):
            if module.name != "mirror.monitoring":  # needs the extra "metrics"
                importlib.import_module(module.name)
        assert pathlib.Path(mirror.__file__).is_relative_to(sys.prefix)
        assert not {"prometheus_client", "django_stubs_ext"} & sys.modules.keys()
        """
    )


def test_templates_static_files_and_the_runbook_are_found(shop: Followed) -> None:
    names = files_of_the_package()
    templates = [n.removeprefix("templates/") for n in names if n.startswith("templates/")]
    static = [n.removeprefix("static/") for n in names if n.startswith("static/")]
    assert templates
    assert static
    shop.project.shell(
        f"""
        from django.contrib.staticfiles import finders
        from django.template.loader import get_template
        from mirror.verify import steps
        for name in {templates}: get_template(name)
        for name in {static}: assert finders.find(name), name
        runbook = steps.RUNBOOK.read_text()
        sections = [step.section for step in vars(steps).values() if isinstance(step, steps.Step)]
        assert sections
        for section in sections: assert f"\\n### {{section}}\\n" in runbook, section
        """
    )


def test_its_migrations_have_run(shop: Followed) -> None:
    listed = shop.project.manage("showmigrations --list mirror", "makemigrations --check --dry-run")
    migrations = (PROJECT / "mirror" / "migrations").glob("0*.py")
    assert re.findall(r"\[X\] (\w+)", listed) == sorted(path.stem for path in migrations)


def test_the_pages_for_staff_are_served(shop: Followed) -> None:
    shop.project.shell(
        """
        from django.contrib.auth.models import User
        from django.test import Client
        from songs.models import Song
        song = Song.objects.first()
        staff = Client(headers={"host": "localhost"})
        staff.force_login(User.objects.create_superuser("staff"))
        pages = "mirror/search/", "mirror/runbook/", "mirror/ledgerentry/", "songs/song/"
        for page in ("", "mirror/", *pages):
            assert staff.get(f"/admin/{page}").status_code == 200, page
        assert "mirror_state" in staff.get("/admin/songs/song/").content.decode()
        form = staff.get(f"/admin/songs/song/{song.pk}/change/").content.decode()
        assert f"/admin/mirror/compare/songs.song/{song.pk}/" in form
        assert staff.get(f"/admin/mirror/compare/songs.song/{song.pk}/").status_code == 200
        """
    )


def test_it_has_the_version_of_the_source(wheel: Path) -> None:
    assert wheel.name.startswith(f"django_dynamodb_mirror-{mirror.__version__}-")


def test_who_follows_the_guide_has_mirrored_everything(shop: Followed) -> None:
    for line in (
        "System check identified no issues (0 silenced).",
        "Table songs created.",
        "Bucket songs-texts created.",
        "2 mirrored, 0 pending, 0 parked.",
        "100 % in sync: 2 of 2 rows, 0 pending, 0 differing.",
    ):
        assert f"{line}\n" in shop.printed


def test_triggers_come_after_the_mirrors_migrations(shop: Followed) -> None:
    (migration,) = (shop.project.folder / "songs" / "migrations").glob("0001_*.py")
    last = max(path.stem for path in (PROJECT / "mirror" / "migrations").glob("0*.py"))
    assert f"('mirror', '{last}')" in migration.read_text()
