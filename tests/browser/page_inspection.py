"""Inspection of pages: a screenshot, accessibility by axe, and whether a page fits the window."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from django.conf import settings
from playwright.sync_api import Page

from tests.browser.conftest import AXE, Open

SCREENSHOTS = settings.BASE_DIR / ".local" / "screenshots"
WANTED = bool(os.environ.get("SCREENSHOTS"))  # set by ``make screenshots``: they take their time
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},  # required by WCAG 2.2, but off by default
    "resultTypes": ["violations"],
    "preload": {"assets": ["media"]},  # not style sheets: only an experimental rule reads them
}
COLOUR_RULES = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
SCHEMES: dict[Literal["light", "dark"], Any] = {
    "light": RULES,
    "dark": COLOUR_RULES,
}  # what differs in the dark are colours
WINDOWS = {390: 844, 1280: 860}  # width -> height, in pixels: a phone and a laptop
NARROWEST = 320  # pixels: the width that WCAG requires, that of 1280 pixels at a zoom of 400 %

SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
END_MOTION = "() => document.getAnimations().forEach(motion => motion.finish())"  # that of colours

needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not installed (make test does it, with npm)."
)


def in_each_window(test: Any) -> Any:
    """Run a test for each width of the window."""
    return pytest.mark.parametrize("width", WINDOWS)(needs_axe(test))


@dataclass
class PageInspector:
    """Opens windows of one width, and collects the problems of their pages."""

    open_window: Open
    width: int
    problems: list[str] = field(default_factory=list)

    def open(self, **options: Any) -> Page:
        page = self.open_window(
            viewport={"width": self.width, "height": WINDOWS.get(self.width, 568)}, **options
        )
        # Like the script of an extension: the page's own policy forbids foreign scripts. Chromium
        # keeps it, which is quicker than to send half a megabyte for every page.
        page.add_init_script(path=AXE)
        return page

    def photograph(self, page: Page, name: str) -> None:
        """Save a screenshot of what ``page`` shows now, if screenshots are wanted."""
        if not WANTED:
            return
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(
            path=SCREENSHOTS / f"{name}-{self.width}.jpg",  # quicker to write than PNG
            quality=90,
            animations="disabled",
        )

    def inspect(self, page: Page, name: str) -> None:
        """Collect the problems of what ``page`` shows now, in the light and in the dark."""
        for scheme, rules in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)
            page.evaluate(END_MOTION)
            self.photograph(page, f"{name}-{scheme}")
            result = page.evaluate("rules => axe.run(rules)", rules)
            self.problems += [
                f"{name} {scheme} {rule['id']}: {node['target']} {node['failureSummary']}"
                for rule in result["violations"]
                for node in rule["nodes"]
            ]
        if page.evaluate(SCROLLS_SIDEWAYS):
            self.problems.append(f"{name} scrolls sideways at {self.width} px")
