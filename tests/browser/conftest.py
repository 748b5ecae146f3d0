"""A real browser: the installed Chromium, driven by Playwright, and Django's live server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# The same engine without windows, menus and a cache of pages for Back: it takes a fifth less CPU.
SHELL = shutil.which("chromium-headless-shell") or CHROMIUM
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. Tests that need it are skipped if it is not installed."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium).")
    # Playwright runs an event loop in this thread. Django would mistake the tests for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    # While its event loop runs, this thread has other connections, and a fork finds these again.
    connections.close_all()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=SHELL, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(browser: Browser, live_server: object) -> Iterator[Open]:
    """A function that opens a window with cookies of its own.

    The test fails if a page violates the content security policy or its script raises an error.
    With ``server_error`` the server may answer with a status of 5xx, otherwise only 4xx.
    """
    contexts = []
    problems: list[str] = []

    def open_window(*, server_error: bool = False, **options: object) -> Page:
        expected = "status of 5" if server_error else "status of 4"
        context = browser.new_context(base_url=str(live_server), **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error.message}"))
        page.on(
            "console",
            lambda line: (
                problems.append(f"{page.url}: {line.text}")
                if line.type == "error" and expected not in line.text
                else None
            ),
        )
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert not problems
