"""Runs manage.py in a process of its own, as from a shell, with the production settings."""

from __future__ import annotations

import os
import subprocess
import sys

from django.db import connection

from tests.support.paths import PROJECT

SECRET_KEY = "a-test-key-of-fifty-characters-0123456789-abcdefghij"


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
    """Run manage.py with these changes to the environment; None removes a variable."""
    changed = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "0",
        "SECRET_KEY": SECRET_KEY,
        "DJANGO_ALLOW_ASYNC_UNSAFE": None,  # the browser tests set it for their own process
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


def assert_fails_with_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Require that the command failed and said why in one line that contains these words."""
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0]
