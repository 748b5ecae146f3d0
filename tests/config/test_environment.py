"""Environment variables: what they set, and one sentence for each wrong value."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment
from tests.support.manage import assert_fails_with_one_sentence, database_url, manage


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "mysql://u@h/d", "DATABASE_URL takes postgres://"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL takes postgres://"),
        ("DATABASE_URL", "postgres://u:p@h:notaport/d", "DATABASE_URL takes postgres://"),
        ("DATABASE_URL", "postgres://u:p@h:5432/", "names no database"),
        ("DATABASE_URL", "postgres://u:p@127.0.0.1:9/d", "The database does not answer"),
        ("DATABASE_URL", "postgres://u:hidden@1@h:5432/d", "Percent-encode special characters"),
        ("DATABASE_URL", "postgres://u:1/hidden@h:5432/d", "such as @ as %40"),
        ("DATABASE_URL", "postgres://u:1@hidden/2@h:5432/d", "such as @ as %40"),
        ("DATABASE_URL", "postgres://u:1?hidden@h:5432/d", "? as %3F"),
        ("DATABASE_URL", "postgres://u@h:5432/d#hidden", "# as %23"),
        ("DATABASE_URL_FILE", "/dev/null", "are both set"),
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
        ("LOG_FORMAT", "xml", "LOG_FORMAT takes text or json"),
        ("METRICS_TOKEN", "hidden", "METRICS_TOKEN takes 20 random characters or more"),
        ("EMAIL_URL", "nonsense", "EMAIL_URL takes smtp+tls://"),
        ("EMAIL_URL", "http://u:hidden@h", "is not a mail server's address"),
        ("EMAIL_URL", "smtp://u:hidden@h:port", "cannot be read"),
        ("EMAIL_URL", "smtp+tls://u:1/hidden@h", "cannot be read"),
        ("EMAIL_URL", "smtp+tls://u:hidden@", "names no host"),
        ("EMAIL_URL", "smtp://h", "DEFAULT_FROM_EMAIL is not set"),
        ("DEFAULT_FROM_EMAIL", "Tabletop", "DEFAULT_FROM_EMAIL is not the sender"),
        ("SIGNUP", "perhaps", "SIGNUP takes open or closed"),
        ("TRUSTED_PROXIES", "1", "TRUSTED_PROXIES takes IP addresses and networks"),
        ("HSTS", "preload", "HSTS=preload needs HSTS_SECONDS of a year or more"),
        ("AWS_REGION", "the moon", "AWS_REGION is not"),
        ("AWS_S3_BUCKET_OWNER", "me", "AWS_S3_BUCKET_OWNER is not the number"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "nonsense", "DynamoDB cannot be reached or used"),
        ("AWS_ENDPOINT_URL_S3", "nonsense", "S3 cannot be reached or used"),
    ],
)
def test_a_wrong_value_ends_with_one_sentence(
    db: None, name: str, value: str | None, sentence: str
) -> None:
    done = manage("mirror_check", **{"DATABASE_URL": database_url(), name: value})
    assert_fails_with_one_sentence(done, sentence)
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
def test_a_mail_url_sets_the_mail_server(url: str | None, expected: str) -> None:
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


@pytest.mark.parametrize("command", ["import_transcripts", "migrate"])
def test_every_command_needs_the_required_variables(db: None, command: str) -> None:
    done = manage(command, DATABASE_URL=database_url(), AWS_S3_BUCKET_NAME=None)
    assert_fails_with_one_sentence(done, "AWS_S3_BUCKET_NAME is not set")
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("", []),
        ("10.0.0.0/8, 192.0.2.1,::1", ["10.0.0.0/8", "192.0.2.1/32", "::1/128"]),
        ("10.0.0.1/8", "takes IP addresses and networks"),
        ("10.0.0.0/8, proxy", "takes IP addresses and networks"),
        ("10.0.0.0/8, 0.0.0.0/0", "must not name all addresses"),
        ("::/0", "must not name all addresses"),
    ],
)
def test_networks(monkeypatch: pytest.MonkeyPatch, value: str, result: list[str] | str) -> None:
    monkeypatch.setenv("PROXIES", value)
    if isinstance(result, list):
        assert [str(network) for network in environment.networks("PROXIES")] == result
    else:
        with pytest.raises(ImproperlyConfigured, match=f"PROXIES {result}"):
            environment.networks("PROXIES")


@pytest.mark.parametrize("value", ["a year", "-1", "1.5", "\N{SUPERSCRIPT TWO}"])
def test_seconds_are_a_whole_number(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TIME", value)
    with pytest.raises(ImproperlyConfigured, match="TIME takes a whole number of seconds"):
        environment.seconds("TIME", default=5)
    monkeypatch.setenv("TIME", "60")
    assert environment.seconds("TIME", default=5) == 60
    monkeypatch.delenv("TIME")
    assert environment.seconds("TIME", default=5) == 5
