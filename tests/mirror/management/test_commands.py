"""Commands as a person types them: one clear sentence and an exit code for everything wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from campaigns.models import Campaign
from mirror.stores.clients import Stores
from tests.support.paths import PROJECT
from tests.support.stored import assert_equal

SECRET = "a-test-key-of-fifty-characters-0123456789-abcdefghij"


def database_url() -> str:
    """Return the address of the test database, for another process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('unix_socket_directories'), current_database()")
        folder, name = cursor.fetchone()
    config = connection.settings_dict
    host = config["OPTIONS"].get("host") or config["HOST"] or folder
    if host.startswith("/"):
        return f"postgres://{config['USER']}@/{name}?host={host}"
    return (
        f"postgres://{config['USER']}:{config['PASSWORD']}@{host}:{config['PORT'] or 5432}/{name}"
    )


def manage(*arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run manage.py with the production settings and these changes to the environment."""
    changed = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "0",
        "SECRET_KEY": SECRET,
        **environment,
    }
    inherited = {name: value for name, value in os.environ.items() if name not in changed}
    given = {name: value for name, value in changed.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "manage.py", *arguments],
        cwd=PROJECT,
        env=inherited | given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Require a failure that says in one line what is wrong."""
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://u@h/d", "DATABASE_URL takes postgres://"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL takes postgres://"),
        ("DATABASE_URL", "postgres://u:p@h:notaport/d", "DATABASE_URL takes postgres://"),
        ("DATABASE_URL", "postgres://u:p@h:5432/", "names no database"),
        ("DATABASE_URL", "postgres://u:p@127.0.0.1:9/d", "The database does not answer"),
        ("AWS_S3_BUCKET_NAME", None, "AWS_S3_BUCKET_NAME is not set"),
        ("AWS_S3_BUCKET_NAME", "Not A Bucket", "AWS_S3_BUCKET_NAME is not"),
        ("DYNAMODB_TABLE_NAME", None, "DYNAMODB_TABLE_NAME is not set"),
        ("DYNAMODB_TABLE_NAME", "a b", "DYNAMODB_TABLE_NAME is not"),
        ("MIRROR_DISPATCH", "sometimes", "MIRROR_DISPATCH takes inline or worker"),
        ("MIRROR_ENABLED", "perhaps", "MIRROR_ENABLED takes 1 or 0"),
        ("MIRROR_ENABLED", "0", "The mirror is switched off"),
        ("DEBUG", "maybe", "DEBUG takes 1 or 0"),
        ("SECRET_KEY", None, "SECRET_KEY is not set"),
        ("SECRET_KEY", "change-me", "SECRET_KEY is an example key"),
        ("SECRET_KEY", "django-insecure-abc", "SECRET_KEY is an example key"),
        ("SENTRY_DSN", "nonsense", "SENTRY_DSN is not a Sentry address"),
        ("EMAIL_URL", "nonsense", "EMAIL_URL takes smtp+tls://"),
        ("EMAIL_URL", "http://u:hidden@h", "is no mail server's address"),
        ("EMAIL_URL", "smtp://u:hidden@h:port", "cannot be read"),
        ("EMAIL_URL", "smtp+tls://u:1/hidden@h", "cannot be read"),
        ("EMAIL_URL", "smtp+tls://u:hidden@", "names no host"),
        ("EMAIL_URL", "smtp://h", "DEFAULT_FROM_EMAIL is not set"),
        ("DEFAULT_FROM_EMAIL", "Tabletop", "DEFAULT_FROM_EMAIL is not the sender"),
        ("AWS_REGION", "the moon", "AWS_REGION is not"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "nonsense", "DynamoDB cannot be reached or used"),
        ("AWS_ENDPOINT_URL_S3", "nonsense", "S3 cannot be reached or used"),
    ],
)
def test_wrong_configuration(db: None, name: str, value: str | None, words: str) -> None:
    done = manage("mirror_check", **{"DATABASE_URL": database_url(), name: value})
    assert_one_sentence(done, words)
    assert "hidden" not in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, "console localhost 25  False False 10"),
        ("", "console localhost 25  False False 10"),
        ("smtp://mail.example.org", "smtp mail.example.org 25 None False False 10"),
        ("smtp+tls://u:p%40%2F@mail.example.org", "smtp mail.example.org 587 p@/ True False 10"),
        ("smtp+ssl://u:p@mail.example.org", "smtp mail.example.org 465 p False True 10"),
        ("smtp+ssl://u:p@mail.example.org:99", "smtp mail.example.org 99 p False True 10"),
    ],
)
def test_the_mail_server(url: str | None, expected: str) -> None:
    names = ["HOST", "PORT", "HOST_PASSWORD", "USE_TLS", "USE_SSL", "TIMEOUT"]
    values = ", ".join(f"s.EMAIL_{name}" for name in names)
    sender = "Tabletop <tabletop@example.org>"
    done = manage(
        "shell", "--no-imports", "-c",
        "from django.conf import settings as s; "
        f"print(s.EMAIL_BACKEND.split('.')[-2], {values}, s.DEFAULT_FROM_EMAIL, sep=' ')",
        DATABASE_URL="postgres://nobody@localhost/nothing",
        EMAIL_URL=url,
        DEFAULT_FROM_EMAIL=sender if url else None,
    )  # fmt: skip
    assert done.stdout == f"{expected} {sender if url else 'webmaster@localhost'}\n"


@pytest.mark.parametrize(
    "command", ["mirror_sync", "mirror_setup", "import_transcripts", "migrate"]
)
def test_every_command_says_it(db: None, command: str) -> None:
    done = manage(command, DATABASE_URL=database_url(), AWS_S3_BUCKET_NAME=None)
    assert_one_sentence(done, "AWS_S3_BUCKET_NAME is not set")
    assert done.returncode == 2


def test_commands_work_from_a_shell(mirror: Stores, owner: User) -> None:
    Campaign.objects.create(owner=owner, name="C")
    url = database_url()
    synced = manage("mirror_sync", DATABASE_URL=url)
    assert (synced.returncode, synced.stdout) == (0, "1 mirrored, 0 pending, 0 parked.\n")
    assert_equal(mirror)
    assert manage("mirror_check", DATABASE_URL=url).returncode == 0
    everything = manage("mirror_sync", "--all", DATABASE_URL=url)
    assert everything.stdout == "1 row is enqueued.\n1 mirrored, 0 pending, 0 parked.\n"


def test_sync_with_aws_out_of_reach(mirror: Stores, owner: User) -> None:
    Campaign.objects.create(owner=owner, name="C")
    done = manage(
        "mirror_sync",
        DATABASE_URL=database_url(),
        AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:9",
    )
    assert done.returncode == 2
    assert "Out of reach: DynamoDB." in done.stderr
    assert "1 pending" in done.stdout


def test_import_with_bad_input_changes_nothing(mirror: Stores, owner: User, tmp_path: Path) -> None:
    good, latin = tmp_path / "good.txt", tmp_path / "latin.txt"
    good.write_text("MATT: Hello.")
    latin.write_bytes("MATT: Caf\xe9.".encode("latin-1"))
    url = database_url()

    def run(user: str, *files: Path) -> subprocess.CompletedProcess[str]:
        names = [str(file) for file in files]
        return manage(
            "import_transcripts", "--owner", user, "--campaign", "New", *names, DATABASE_URL=url
        )

    assert_one_sentence(run("nobody", good), "nobody")
    assert_one_sentence(run(owner.username, good, latin), "latin.txt", "UTF-8")
    assert_one_sentence(run(owner.username, good, tmp_path / "absent.txt"), "absent.txt")
    assert not Campaign.objects.exists()
    assert run(owner.username, good).returncode == 0
    assert Campaign.objects.get().sessions.count() == 1


def test_production_settings_pass_the_deployment_check(db: None) -> None:
    done = manage(
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        DATABASE_URL=database_url(),
        ALLOWED_HOSTS="example.org",
        CSRF_TRUSTED_ORIGINS="https://example.org",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command", ["mirror_check", "mirror_sync", "mirror_setup", "import_transcripts"]
)
def test_help_teaches(db: None, command: str) -> None:
    done = manage(command, "--help", DATABASE_URL=database_url())
    assert done.returncode == 0
    assert len(done.stdout) > 400
