"""The settings for security. Wrong values: ``test_environment.py``."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.manage import database_url, manage


def test_pages_allow_no_inline_script_or_style(gm: Client) -> None:
    policy = gm.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


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
    ("environment", "header"),
    [
        ({}, "max-age=2592000"),
        (
            {"HSTS": "preload", "HSTS_SECONDS": "31536000"},
            "max-age=31536000; includeSubDomains; preload",
        ),
    ],
)
def test_hsts_speaks_for_the_host_alone_unless_it_is_asked_for_more(
    environment: dict[str, str], header: str
) -> None:
    done = manage(
        "shell",
        "--no-imports",
        "-c",
        "from django.test import Client; "
        "print(Client().get('/admin/login/', secure=True)['Strict-Transport-Security'])",
        DATABASE_URL="postgres://nobody@localhost/nothing",
        ALLOWED_HOSTS="testserver",
        **environment,
    )
    assert done.stdout == f"{header}\n", done.stderr
