"""The settings for security. Wrong values: ``test_environment.py``."""

from __future__ import annotations

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
