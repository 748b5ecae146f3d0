"""Takes the pictures of the product, from the demo data: for the README, the site and previews.

Start ``make run``, and in a second terminal ``.venv/bin/python -m tests.browser.pictures``. An
address other than ``http://127.0.0.1:8000`` is its first argument.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.support.paths import PROJECT

DOCS = PROJECT / "docs" / "images"
SITE = PROJECT / "config" / "web" / "static" / "site"
NAME = PASSWORD = "gm"  # of the demo data
SESSION, TRANSCRIPT = "The Ninth Lamp", "Fog Signal"
# File -> page, scheme, width, height.
PICTURES = {
    DOCS / "dashboard-1280-light.png": ("", "light", 1280, 860),
    DOCS / "session-1280-light.png": (SESSION, "light", 1280, 860),
    DOCS / "session-390-dark.png": (SESSION, "dark", 390, 844),
    DOCS / "transcript-1280-dark.png": (TRANSCRIPT, "dark", 1280, 860),
    SITE / "product-light.webp": (SESSION, "light", 1120, 760),
    SITE / "product-dark.webp": (SESSION, "dark", 1120, 760),
    SITE / "preview.png": (SESSION, "light", 1200, 630),  # some chat programs show no WebP
}


def main(address: str = "http://127.0.0.1:8000") -> None:
    """Take all pictures, over the ones that are there."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for file, (name, scheme, width, height) in PICTURES.items():
            page = browser.new_page(
                base_url=address,
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                device_scale_factor=1,
            )
            open_page(page, name)
            take(page, file)
            page.close()
        browser.close()


def open_page(page: Page, name: str) -> None:
    """Log in and open the session with this name, or its transcript; the dashboard without one."""
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    if name:
        page.goto(f"/search/?q={name}")
        page.get_by_role("main").get_by_role("link", name=name).first.click()
    if name == TRANSCRIPT:
        page.get_by_role("link", name="Read the transcript").click()
    page.wait_for_load_state("networkidle")


def take(page: Page, file: Path) -> None:
    """Save what the window shows. Playwright itself writes no WebP."""
    if file.suffix == ".png":
        page.screenshot(path=file)
        return
    options = {"format": "webp", "quality": 80}
    shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", options)
    file.write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
