"""Runs management commands within the process of the test."""

from __future__ import annotations

import io

from django.core.management import call_command

from mirror.sync import worker


def run(*arguments: str) -> tuple[int, str]:
    """Run a command; return its exit code and everything that it printed."""
    out = io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    return 0, out.getvalue()


def assert_everything_is_mirrored() -> None:
    """Drain, and require that ``mirror_check`` finds everything in sync and nothing pending."""
    worker.drain()
    code, printed = run("mirror_check")
    assert code == 0, printed
    assert printed.startswith("100 % in sync")
    assert " 0 pending" in printed
