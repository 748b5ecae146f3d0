"""Another project, with other models: what ``mirror_document`` drafts is all that it needs."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.contrib.postgres import fields as pg
from django.db import models

from tests.adoption.conftest import Start
from tests.adoption.project import Project
from tests.support.aws import NOWHERE

STUDIO = Path(__file__).parent / "studio"
MODELS = ("Genre", "Tape", "Song", "LiveSong", "Side", "Everything")
SETTINGS = """
INSTALLED_APPS = ["mirror", "studio", *INSTALLED_APPS, "django.contrib.postgres", "pgtrigger"]
MIRROR = {"TABLE": "studio-rows", "DISPATCH": "worker"}
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
# No fields of a project's own: abstract ones, and those that Django has removed.
NOT_TRIED = {
    "CICharField", "CIEmailField", "CITextField", "CommaSeparatedIntegerField",
    "CompositePrimaryKey", "Field", "ForeignObject", "IPAddressField", "NullBooleanField",
    "OrderWrt", "RangeField",
}  # fmt: skip
# The drafted document lets a text move to S3. Here no text is long, so no bucket is named.
LONG_TEXTS = '    long_texts=["text"],\n    texts_folder="everything-texts",\n'
EXTENSION = "from django.contrib.postgres.operations import HStoreExtension\n"


@dataclass
class Studio:
    """The project, what the commands printed, and whether its PostgreSQL has hstore."""

    project: Project
    printed: str
    hstore: bool


@pytest.fixture(scope="session")  # a stolen test may come back to this module
def studio(start: Start, server: str, hstore_server: str | None) -> Studio:
    project = start("studio", hstore_server or server)
    project.environment["AWS_REGION"] = "eu-west-1"
    project.environment["AWS_ENDPOINT_URL_S3"] = NOWHERE
    project.run("-m", "django", "startproject", "works", ".")
    app = project.folder / "studio"
    shutil.copytree(STUDIO, app, ignore=shutil.ignore_patterns("__pycache__", "shelf.py"))
    if not hstore_server:
        for file in (app / "models.py", app / "rows.py"):
            file.write_text(re.sub(r"    hstore ?=.+\n", "", file.read_text()))
    project.append("works/settings.py", SETTINGS)
    project.append("works/urls.py", URLS)
    project.append("studio/admin.py", "from django.contrib import admin\n" + ADMIN)
    labels = " ".join(f"studio.{name}" for name in MODELS)
    project.manage("makemigrations studio", f"mirror_document {labels} --write")
    documents = app / "documents.py"
    draft = documents.read_text()
    assert draft.count(LONG_TEXTS) == 1
    documents.write_text(draft.replace(LONG_TEXTS, ""))
    migration = app / "migrations" / "0001_initial.py"
    first = '    operations = [\n        migrations.RunSQL("CREATE SCHEMA archive"),'
    if hstore_server:
        first += " HStoreExtension(),"
    written = migration.read_text().replace("    operations = [", first)
    migration.write_text(EXTENSION + written)
    printed = project.manage(
        "migrate",
        "check --database default",
        "mirror_setup",
        "mirror_setup --check",
        "mirror_setup --probe",
        "shell --no-imports -c 'import studio.rows'",
        "mirror_sync",
        "mirror_check",
        "mirror_restore --dry-run",
        "shell --no-imports -c 'import studio.loss'",
        "mirror_restore --apply",
        "shell --no-imports -c 'import studio.back'",
        "mirror_sync",
        "mirror_check --deep",
        "shell --no-imports -c 'import studio.pages'",
    )
    return Studio(project, printed, bool(hstore_server))


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
    assert studio.printed.count("100 % in sync: 10 of 10 rows, 0 pending, 0 differing.\n") == 2
    for model, rows in {"genre": 2, "tape": 2, "song": 2, "livesong": 1, "side": 1}.items():
        line = rf"^studio\.{model} +0 +0 +{rows} +0 +0 +0$"  # equal, differing, restored ...
        assert re.search(line, studio.printed, re.MULTILINE), studio.printed


@pytest.fixture
def item(studio: Studio, moto_address: str) -> dict[str, Any]:
    """The item of the row that has a value in each field."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=moto_address,
        region_name=studio.project.environment["AWS_REGION"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    (found,) = (one for one in client.scan(TableName="studio-rows")["Items"] if "image" in one)
    return dict(found)


def test_an_hstore_is_mirrored_as_a_map(studio: Studio, item: dict[str, Any]) -> None:
    if not studio.hstore:
        pytest.skip("no PostgreSQL here has the extension hstore; Debian's package has it")
    assert item["hstore"] == {
        "M": {"a b": {"S": "1"}, "ü\"'=>": {"S": ""}, "nothing": {"NULL": True}}
    }


def test_of_a_picture_the_name_and_the_size_are_mirrored(item: dict[str, Any]) -> None:
    assert [item[name] for name in ("image", "width", "height")] == [
        {"S": "cover.png"},
        {"N": "4"},
        {"N": "3"},
    ]


def test_a_project_that_keeps_no_objects_needs_no_bucket(studio: Studio) -> None:
    # Had any command or page asked S3, it would have failed: nobody is there.
    assert "Rights and semantics are as the mirror needs them.\n" in studio.printed
    assert "S3" not in studio.printed
    assert "bucket" not in studio.printed.lower()


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
