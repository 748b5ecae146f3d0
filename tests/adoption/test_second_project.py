"""Another project, with other models: what ``mirror_document`` drafts is all that it needs."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.postgres import fields as pg
from django.db import models

from tests.adoption.conftest import Start
from tests.adoption.project import Project

STUDIO = Path(__file__).parent / "studio"
MODELS = ("Genre", "Tape", "Song", "LiveSong", "Side", "Everything")
SETTINGS = """
INSTALLED_APPS = ["mirror", "studio", *INSTALLED_APPS, "django.contrib.postgres", "pgtrigger"]
MIRROR = {"TABLE": "studio-rows", "BUCKET": "studio-objects", "DISPATCH": "worker"}
from database import *
"""
URLS = """
from django.urls import include
urlpatterns.insert(0, path("admin/mirror/", include("mirror.urls")))
"""
ADMIN = f"""
from studio import models
for name in {MODELS}: admin.site.register(getattr(models, name))
"""
# Kept apart from what a project has: abstract ones, those that Django has removed, HStoreField,
# whose extension the embedded PostgreSQL lacks, and ImageField, a FileField that needs Pillow.
NOT_TRIED = {
    "CICharField", "CIEmailField", "CITextField", "CommaSeparatedIntegerField",
    "CompositePrimaryKey", "Field", "ForeignObject", "HStoreField", "IPAddressField", "ImageField",
    "NullBooleanField", "OrderWrt", "RangeField",
}  # fmt: skip


@dataclass
class Studio:
    """The project, and what the commands printed."""

    project: Project
    printed: str


@pytest.fixture(scope="module")
def studio(start: Start) -> Studio:
    project = start("studio")
    project.environment["AWS_REGION"] = "eu-west-1"
    project.run("-m", "django", "startproject", "works", ".")
    shutil.copytree(
        STUDIO, project.folder / "studio", ignore=shutil.ignore_patterns("__pycache__", "shelf.py")
    )
    project.append("works/settings.py", SETTINGS)
    project.append("works/urls.py", URLS)
    project.append("studio/admin.py", "from django.contrib import admin\n" + ADMIN)
    labels = " ".join(f"studio.{name}" for name in MODELS)
    project.manage("makemigrations studio", f"mirror_document {labels} --write")
    migration = project.folder / "studio" / "migrations" / "0001_initial.py"
    schema = '    operations = [\n        migrations.RunSQL("CREATE SCHEMA archive"),'
    migration.write_text(migration.read_text().replace("    operations = [", schema))
    printed = project.manage(
        "migrate",
        "check --database default",
        "mirror_setup",
        "shell --no-imports -c 'import studio.rows'",
        "mirror_sync",
        "mirror_check",
        "mirror_restore --dry-run",
        "shell --no-imports -c 'import studio.loss'",
        "mirror_restore --apply",
        "mirror_sync",
        "mirror_check",
    )
    return Studio(project, printed)


def test_every_type_of_field_is_tried() -> None:
    known = {
        name
        for module in (models, pg)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, models.Field)
    }
    used = set(re.findall(r"\b(?:models|pg)\.(\w+)[(\[]", (STUDIO / "models.py").read_text()))
    assert known - used <= NOT_TRIED


def test_all_rows_are_mirrored_and_come_back(studio: Studio) -> None:
    assert "System check identified no issues (0 silenced).\n" in studio.printed
    assert "Table studio-rows created.\n" in studio.printed
    assert "Bucket studio-objects created.\n" in studio.printed
    assert studio.printed.count("100 % in sync: 10 of 10 rows, 0 pending, 0 differing.\n") == 2
    for model, rows in {"genre": 2, "tape": 2, "song": 2, "livesong": 1, "side": 1}.items():
        line = rf"^studio\.{model} +0 +0 +{rows} +0 +0 +0$"  # equal, differing, restored ...
        assert re.search(line, studio.printed, re.MULTILINE), studio.printed


def test_a_model_of_another_database_is_refused(studio: Studio) -> None:
    project = studio.project
    project.append(
        "works/settings.py",
        'DATABASES["shelf"] = DATABASES["default"]\nDATABASE_ROUTERS = ["studio.routers.Shelf"]',
    )
    shutil.copy(STUDIO / "shelf.py", project.folder / "studio" / "routers.py")
    done = project.try_to_run("manage.py", "check")
    assert done.returncode == 1
    assert '(mirror.E022) studio.side is kept in "shelf", where its changes are' in done.stderr
    assert 'keep it in "default"' in done.stderr
