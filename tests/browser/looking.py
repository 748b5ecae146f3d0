"""What the tests of the looks have in common: who looks, at which sizes, and what is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page

from tests.browser.conftest import AXE, Open

SCREENSHOTS = settings.BASE_DIR / ".local" / "screenshots"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, but axe leaves it off
}
WIDTHS = {390: 844, 1280: 860}
NARROWEST = 320  # what WCAG asks of a page that is enlarged four times

needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not installed (make test does it, with npm)."
)


def every_look(test: Any) -> Any:
    """Run a test for each screen, in light and in dark."""
    for mark in (
        pytest.mark.parametrize("scheme", ["light", "dark"]),
        pytest.mark.parametrize("width", WIDTHS),
        needs_axe,
    ):
        test = mark(test)
    return test


def log_in(page: Page, user: User, server: Any) -> None:
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": str(server)}])


def link_in(message: str) -> str:
    """The link that a mail holds."""
    found = re.search(r"https?://\S+", message)
    assert found is not None
    return found[0]


@dataclass
class Eyes:
    """Opens windows of one size and scheme, and remembers what is wrong with what they show."""

    open_page: Open
    width: int
    scheme: str
    found: list[str] = field(default_factory=list)

    def open(self, **options: Any) -> Page:
        return self.open_page(
            viewport={"width": self.width, "height": WIDTHS.get(self.width, 568)},
            color_scheme=self.scheme,
            reduced_motion="reduce",
            **options,
        )

    def look(self, page: Page, name: str) -> None:
        """Keep a picture of what ``page`` shows, ask axe, and see whether it scrolls sideways."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}-{self.width}-{self.scheme}.png")
        # Run beside the page, as an extension would be: its policy allows no scripts of others.
        page.evaluate(AXE.read_text())
        found = page.evaluate("rules => axe.run(rules)", RULES)
        self.found += [
            f"{name} {rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        if page.evaluate(wide):
            self.found.append(f"{name} scrolls sideways at {self.width} px")
