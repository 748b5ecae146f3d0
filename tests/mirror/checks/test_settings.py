"""Settings with which the mirror cannot work are named, with what to type instead."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from django.core.checks import WARNING, CheckMessage
from django.db import models
from pytest_django.fixtures import Settings

from mirror.checks.endpoints import check_endpoints
from mirror.checks.settings import (
    check_region,
    check_settings,
    check_storage,
    check_time_zones,
)
from mirror.conf import BACKEND, DEFAULTS, REQUIRED
from mirror.documents import TextAttribute, TimeAttribute
from mirror.stores.clients import Stores, background_clients, reset_clients
from tests.support.adopters import adopt, model
from tests.support.commands import run
from tests.support.paths import PROJECT


def numbers(problems: list[CheckMessage]) -> list[str]:
    assert all(problem.hint for problem in problems)
    return [str(problem.id) for problem in problems]


def found() -> list[str]:
    return numbers([*check_settings(None), *check_storage(None)])


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({}, []),
        ({"TABEL": "x"}, ["mirror.E001"]),
        ({"TABLE": ""}, ["mirror.E001"]),
        ({"TABLE": "", "ENABLED": False}, []),
        ({"REGION": ""}, ["mirror.E001"]),
        ({"DISPATCH": "later"}, ["mirror.E001"]),
        ({"STORAGE": "nowhere"}, []),  # there is no document here
        ({"STORAGE": "nowhere", "ENABLED": False}, []),
        ({"STORAGE": "nowhere", "BUCKET": "songs", "BUCKET_OWNER": "012345678901"}, []),
        ({"STORAGE": "nowhere", "BUCKET": "songs", "BUCKET_OWNER": 123456789012}, ["mirror.E001"]),
        ({"STORAGE": "nowhere", "BUCKET": "songs", "BUCKET_OWNER": "me"}, ["mirror.E001"]),
        ({"BUCKET_OWNER": "012345678901"}, ["mirror.E002"]),
        ({"STORAGE": "nowhere", "BUCKET": "songs"}, []),
        ({"STORAGE": "default"}, ["mirror.E002"]),
        ({"BUCKET": "songs"}, ["mirror.E002"]),
    ],
    ids=str,
)
def test_wrong_settings_are_named(
    settings: Settings, change: dict[str, Any], number: list[str]
) -> None:
    settings.MIRROR = {**settings.MIRROR, **change}
    assert found() == number


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        ({"BUKET": "x"}, "Unknown setting BUKET. Did you mean BUCKET?"),
        ({"table": "x"}, "Unknown setting table. Did you mean TABLE?"),
        ({"xyz": 1}, "Unknown setting xyz."),
        (
            {"TABEL": "x", "TABLE": ""},
            "Unknown setting TABEL. Did you mean TABLE? TABLE is missing.",
        ),
        ({"REGION": ""}, "REGION is missing."),
        ({"DISPATCH": "later"}, 'DISPATCH takes "inline" or "worker".'),
        ({"BUCKET_OWNER": "me"}, "BUCKET_OWNER takes the 12 digits of an AWS account, as a text."),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_setting_is_said(
    settings: Settings, change: dict[str, Any], sentences: str
) -> None:
    settings.MIRROR = {**settings.MIRROR, **change}
    (problem,) = check_settings(None)
    assert problem.msg == f"MIRROR: {sentences}"


def test_the_guide_has_each_setting_with_its_default() -> None:
    guide = (PROJECT / "docs" / "adopting.md").read_text()
    table = guide.partition("| setting | default | meaning |\n")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", table, re.MULTILINE))
    assert rows.keys() == {*DEFAULTS, *REQUIRED}
    assert {rows.pop(name) for name in REQUIRED} == {"none: required"}
    assert rows.pop("REGION") == "`AWS_REGION` or `AWS_DEFAULT_REGION` in the environment"
    for name, default in rows.items():
        value = ast.literal_eval(default.strip("`"))
        assert (value, type(value)) == (DEFAULTS[name], type(DEFAULTS[name]))


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ({"bucket_name": "songs", "endpoint_url": "http://127.0.0.1:9"}, []),
        ({"bucket_name": ""}, ["mirror.E002"]),
        ({"bucket_name": "songs", "access_key": "x", "verify": False}, ["mirror.E020"]),
        ({"bucket_name": "songs", "location": "a"}, ["mirror.E015"]),
    ],
    ids=str,
)
def test_wrong_options_of_the_storage_are_named(
    settings: Settings, options: dict[str, Any], number: list[str]
) -> None:
    entry = {**settings.STORAGES["mirror"], "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "mirror": entry}
    assert found() == number


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("songs-texts.2026", True),
        ("1st", True),
        ("x" * 63, True),
        ("arn:aws:s3:eu-central-1:123456789012:accesspoint/songs", True),
        ("Songs", False),
        ("songs_texts", False),
        ("s3", False),
        ("x" * 64, False),
        ("-songs", False),
        ("songs-", False),
    ],
)
def test_a_name_that_no_bucket_can_have_is_refused(
    settings: Settings, name: str, is_one: bool
) -> None:
    entry = {**settings.STORAGES["mirror"], "OPTIONS": {"bucket_name": name}}
    settings.STORAGES = {**settings.STORAGES, "mirror": entry}
    assert found() == ([] if is_one else ["mirror.E002"])
    settings.STORAGES = {alias: s for alias, s in settings.STORAGES.items() if alias != "mirror"}
    settings.MIRROR = {**settings.MIRROR, "BUCKET": name}
    assert found() == ([] if is_one else ["mirror.E002"])


def test_a_missing_setting_is_named(settings: Settings) -> None:
    settings.MIRROR = {name: value for name, value in settings.MIRROR.items() if name != "TABLE"}
    assert found() == ["mirror.E001"]
    del settings.MIRROR
    assert found() == ["mirror.E001"]


@pytest.mark.parametrize(
    ("region", "advice"),
    [
        ("eu-central-1", None),
        ("us-gov-west-1", None),
        ("cn-north-1", None),
        ("eu-cetnral-1", 'Write "eu-central-1"'),
        ("EU-Central-1", 'Write "eu-central-1"'),
        ("us_east_1", 'Write "us-east-1"'),
        ("frankfurt", 'Write one such as "eu-central-1"'),
    ],
)
def test_a_region_that_nobody_knows_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, region: str, advice: str | None
) -> None:
    settings.MIRROR = {**settings.MIRROR, "REGION": region}
    assert check_region(None) == []  # the tests have an endpoint of their own
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB")
    problems = check_region(None)
    if advice is None:
        assert problems == []
        return
    (problem,) = problems
    assert (problem.id, problem.level, region in problem.msg) == ("mirror.W029", WARNING, True)
    assert str(problem.hint).startswith(advice)


def test_a_region_is_not_looked_for_in_vain(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB")
    for change in ({"REGION": ""}, {"REGION": "nowhere", "ENABLED": False}):
        settings.MIRROR = {**settings.MIRROR, **change}
        assert check_region(None) == []
    settings.MIRROR = {**settings.MIRROR, "REGION": "nowhere", "ENABLED": True}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert check_region(None) == []


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("http://localhost:8000", None),
        ("https://[::1]:8000/", None),
        ("", None),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("dynamodb.example.org", "http://dynamodb.example.org"),
        ("http:/localhost", "http://localhost:8000"),
        ("ftp://localhost", "http://localhost:8000"),
        ("http://", "http://localhost:8000"),
    ],
)
def test_an_endpoint_that_is_no_address_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, address: str, advice: str | None
) -> None:
    options = {"bucket_name": "songs", "endpoint_url": address}
    settings.STORAGES = {**settings.STORAGES, "mirror": {"BACKEND": BACKEND, "OPTIONS": options}}
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, address)
    problems = check_endpoints(None)
    assert numbers(problems) == ([] if advice is None else ["mirror.E034"] * 4)
    assert all(f'"{advice}"' in str(problem.hint) for problem in problems)


def test_an_endpoint_of_every_storage_is_named(settings: Settings) -> None:
    settings.AWS_S3_ENDPOINT_URL = "localhost:8000"
    (problem,) = check_endpoints(None)
    assert "AWS_S3_ENDPOINT_URL" in problem.msg
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    assert check_endpoints(None) == []


def test_a_bucket_needs_no_storage(mirror: Stores, settings: Settings) -> None:
    settings.STORAGES = {name: s for name, s in settings.STORAGES.items() if name != "mirror"}
    settings.MIRROR = {**settings.MIRROR, "BUCKET": "another-bucket"}
    settings.AWS_LOCATION = "media"
    assert found() == []
    reset_clients()
    assert run("mirror_setup")[0] == 0
    store = background_clients().objects
    store.put("texts/1.txt", b"words")
    listed = mirror.objects.storage.client.list_objects_v2(Bucket="another-bucket")
    assert [each["Key"] for each in listed["Contents"]] == ["texts/1.txt"]


def test_only_what_keeps_objects_needs_a_bucket(
    settings: Settings,
) -> None:
    settings.MIRROR = {**settings.MIRROR, "STORAGE": "nowhere", "BUCKET_OWNER": "012345678901"}
    adopt(model("Tape", label=models.TextField()), label=TextAttribute())
    assert found() == []
    adopt(model("Song", words=models.TextField()), {"long_texts": ["words"]}, words=TextAttribute())
    adopt(model("Video"), bodies=classmethod(lambda cls, row: ()))
    (problem,) = check_storage(None)
    assert problem.id == "mirror.E002"
    assert "lab.song and lab.video" in problem.msg
    assert str(problem.hint).endswith(
        "Or keep no objects: remove long_texts from SongDocument, and bodies from VideoDocument."
    )


def test_times_without_a_zone_are_refused(settings: Settings) -> None:
    song = model("Song", when=models.DateTimeField())
    settings.USE_TZ = False
    assert numbers(check_time_zones(None)) == []
    adopt(song, when=TimeAttribute())
    assert numbers(check_time_zones(None)) == ["mirror.E014"]
    settings.USE_TZ = True
    assert numbers(check_time_zones(None)) == []
