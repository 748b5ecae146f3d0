"""Secrets: those in files, and those within the address of PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "DATABASE_URL", "SENTRY_DSN", "EMAIL_URL", "METRICS_TOKEN"]
)
def test_a_secret_may_be_in_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{name}_FILE", str(file))
    assert environment.text(name) == "from the file"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "SECRET_KEY_FILE names a file that cannot be read (FileNotFoundError)."),
        (b"", "SECRET_KEY_FILE names a file that is empty."),
        (b"\xff", "SECRET_KEY_FILE names a file that cannot be read (UnicodeDecodeError)."),
    ],
)
def test_a_file_without_a_secret_is_an_error(
    content: bytes | None, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(file))
    with pytest.raises(ImproperlyConfigured) as error:
        environment.secret_key(debug=False)
    assert str(error.value) == sentence


def test_what_is_no_secret_is_not_read_from_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION_FILE", "/nowhere")
    assert not environment.text("AWS_REGION")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p%40%2F%3F@h:5432/d", ("u", "p@/?", "h", 5432, "d")),
        ("postgres://tabletop@/d?host=/var/run/postgresql", ("tabletop", "", "", "", "d")),
        ("postgres://h/d?connect_timeout=5", ("", "", "h", "", "d")),
    ],
)
def test_an_address_of_postgresql_is_taken_apart(
    url: str, expected: tuple[str | int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    config = environment.database_url("DATABASE_URL")
    assert tuple(config[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")) == expected
