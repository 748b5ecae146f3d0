"""All commands of the mirror: exit codes, and one sentence for what stopped them."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from pytest_django.fixtures import Settings

from mirror.conf import setting
from mirror.errors import Failure, Kind, StoreError
from mirror.management.base import database_sentence
from mirror.stores import clients
from mirror.stores.clients import Stores
from tests.support.aws import NOWHERE, cut_off
from tests.support.commands import run
from tests.support.factories import make_campaign
from tests.support.manage import SECRET_KEY, assert_fails_with_one_sentence, database_url, manage
from tests.support.paths import PROJECT
from tests.support.stored import assert_equal, assert_equal_after_sync


def test_commands_work_from_a_shell(mirror: Stores, owner: User) -> None:
    make_campaign(owner)
    url = database_url()
    synced = manage("mirror_sync", DATABASE_URL=url)
    assert (synced.returncode, synced.stdout) == (0, "1 mirrored, 0 pending, 0 parked.\n")
    assert_equal(mirror)
    assert manage("mirror_check", DATABASE_URL=url).returncode == 0
    everything = manage("mirror_sync", "--all", DATABASE_URL=url)
    assert everything.stdout == "1 row is enqueued.\n1 mirrored, 0 pending, 0 parked.\n"


@pytest.mark.parametrize("command", ["mirror_sync", "mirror_setup"])
def test_a_command_without_configuration_ends_with_one_sentence(db: None, command: str) -> None:
    done = manage(command, DATABASE_URL=database_url(), AWS_S3_BUCKET_NAME=None)
    assert_fails_with_one_sentence(done, "AWS_S3_BUCKET_NAME is not set")
    assert done.returncode == 2


def test_a_mistake_that_a_check_refuses_is_no_drift(settings: Settings) -> None:
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": "never"}
    with pytest.raises(SystemCheckError, match="E001") as refused:
        call_command("mirror_check", skip_checks=False)
    assert refused.value.returncode == 2


def test_a_reader_that_has_enough_ends_a_command_quietly(db: None) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": SECRET_KEY}
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            [sys.executable, "manage.py", "mirror_check", "--history"],
            cwd=PROJECT,
            env={**os.environ, **settings, "DATABASE_URL": database_url()},
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, b"")


@pytest.mark.parametrize("command", ["mirror_check", "mirror_sync", "mirror_setup"])
def test_a_command_has_a_long_help(db: None, command: str) -> None:
    done = manage(command, "--help", DATABASE_URL=database_url())
    assert done.returncode == 0
    assert len(done.stdout) > 400


@pytest.mark.parametrize("store", ["DynamoDB", "S3"])
def test_a_store_out_of_reach_is_named(
    mirror: Stores, owner: User, aws_address: str, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_campaign(owner)
    assert_equal_after_sync(mirror)
    cut_off(store, aws_address, monkeypatch)
    code, printed = run("mirror_check")
    reason = f"{store} cannot be reached or used: EndpointConnectionError."
    assert (code, printed) == (2, f"{reason} Nothing answers at {NOWHERE}.\n")


@pytest.mark.parametrize("store", ["DYNAMODB", "S3"])
def test_an_endpoint_that_is_no_address_is_told(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{store}", "localhost:8000")
    clients.reset_clients()
    code, printed = run("mirror_check")
    assert (code, printed.count("\n")) == (2, 1)
    assert "Its address must begin with http:// or https://. Correct AWS_ENDPOINT_URL" in printed


@pytest.mark.parametrize("store", ["DYNAMODB", "S3"])
def test_https_where_http_is_spoken_is_told(
    mirror: Stores, aws_address: str, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    address = aws_address.replace("http://", "https://")
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{store}", address)
    clients.reset_clients()
    code, printed = run("mirror_check")
    assert (code, printed.count("\n")) == (2, 1)
    help_ = f"{address} does not answer in TLS, or its certificate is not trusted."
    assert f"used: SSLError. {help_} Is it http://? Correct AWS_ENDPOINT_URL" in printed


def test_a_region_that_is_no_name_is_told(mirror: Stores, settings: Settings) -> None:
    settings.MIRROR = {**settings.MIRROR, "REGION": "eu central 1"}
    clients.reset_clients()
    code, printed = run("mirror_check")
    assert (code, printed.count("\n")) == (2, 1)
    assert 'A region is written like "eu-central-1". Correct MIRROR["REGION"]' in printed


def test_missing_credentials_are_told_with_the_variables_to_set(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_campaign(owner)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    clients.reset_clients()
    code, printed = run("mirror_check")
    assert (code, printed.count("\n")) == (2, 1)
    assert "NoCredentialsError. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in printed


def test_a_missing_dynamodb_table_is_reported_with_its_code(mirror: Stores, owner: User) -> None:
    make_campaign(owner)
    assert_equal_after_sync(mirror)
    mirror.items.client.delete_table(TableName=mirror.items.table)
    code, printed = run("mirror_check")
    help_ = (
        f"There is no table {mirror.items.table} in {setting('REGION')}: run manage.py "
        'mirror_setup, or correct MIRROR["TABLE"] or MIRROR["REGION"].'
    )
    reason = "DynamoDB cannot be reached or used: ResourceNotFoundException."
    assert (code, printed) == (2, f"{reason} {help_}\n")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (psycopg.OperationalError("PRIVATE-CANARY"), "The database does not answer as it should"),
        (OSError(errno.ENOSPC, "No space left on device"), "Is the disk full?"),
        (sqlite3.OperationalError("database or disk is full"), "Is the disk full?"),
    ],
)
def test_an_error_beyond_the_stores_ends_with_exit_code_2_and_a_sentence(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("mirror.management.commands.mirror_check.check_in_processes", fail)
    code, printed = run("mirror_check")
    assert code == 2
    assert words in printed
    assert "CANARY" not in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "help_"),
    [
        ("ExpiredTokenException", "AWS does not accept the credentials. Correct AWS_ACCESS_KEY_ID"),
        ("InvalidBucketName", "PutObject failed."),
    ],
)
def test_a_refused_call_is_told_with_its_code_and_what_to_do(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch, code: str, help_: str
) -> None:
    def fail(*_: object) -> None:
        raise StoreError(Failure(Kind.UNREACHABLE, "ClientError", code, "S3", "PutObject"))

    monkeypatch.setattr("mirror.management.commands.mirror_setup.probe", fail)
    exit_code, printed = run("mirror_setup", "--probe")
    assert exit_code == 2
    assert printed.startswith(f"S3 cannot be reached or used: {code}. {help_}")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"HOST": "db.example", "PORT": "5433"}, "looked for at db.example:5433."),
        ({"HOST": "db.example", "PORT": ""}, "looked for at db.example:5432."),
        ({"HOST": "", "PORT": ""}, "looked for at the local socket, port 5432."),
    ],
)
def test_a_database_out_of_reach_is_told_with_its_address(
    monkeypatch: pytest.MonkeyPatch, place: dict[str, str], words: str
) -> None:
    private = dict.fromkeys(("NAME", "USER", "PASSWORD"), "PRIVATE-CANARY")
    for name, value in (place | private).items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    said = database_sentence(psycopg.OperationalError("PRIVATE-CANARY"))
    assert (words in said, "CANARY" in said) == (True, False), said


def test_a_missing_postgresql_table_is_reported_with_its_error(mirror: Stores) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mirror_ledgerentry RENAME TO away")
    try:
        code, printed = run("mirror_check")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO mirror_ledgerentry")
    assert code == 2
    assert "(UndefinedTable). A table or a column is missing: run manage.py migrate." in printed
