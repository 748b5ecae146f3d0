"""The runbook as a page: its links lead somewhere, also where nothing but the package is."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from mirror.verify.steps import RUNBOOK, anchor


@pytest.fixture
def page(admin_client: Client) -> str:
    """The part of the page that is not the admin's."""
    answer = admin_client.get("/admin/mirror/runbook/")
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    return answer.content.decode().partition('<div id="content-main"')[2].partition("<footer")[0]


def anchors(page: str) -> list[str]:
    return re.findall(r' id="([^"]+)"', page)


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("What each alarm means", "what-each-alarm-means"),
        ("The verdict, at last", "the-verdict-at-last"),
        ("`mirror_check --deep`", "mirror_check---deep"),
        ("Read – and write", "read--and-write"),
    ],
)
def test_an_anchor_is_the_one_of_github(heading: str, expected: str) -> None:
    assert anchor(heading) == expected


def test_each_heading_is_in_the_contents_with_a_link_to_it(page: str) -> None:
    headings = re.findall(r"^##+ (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    contents, text = page.split("</nav>")
    assert re.findall(r'<a href="#([^"]+)">([^<]+)</a>', contents) == [
        (anchor(heading), heading) for heading in headings
    ]
    shown = re.findall(r'<h[23] id="([^"]+)">([^<]+)</h[23]>', text)
    assert shown == [(anchor(heading), heading) for heading in headings]
    assert len(set(anchors(page))) == len(anchors(page))


def test_each_link_leads_to_a_part_of_the_page(page: str) -> None:
    links = re.findall(r'href="([^"]*)"', page)
    assert len(links) > 50
    assert set(links) <= {f"#{name}" for name in anchors(page)}


def test_tables_scroll_inside_frames_that_have_names(page: str) -> None:
    frames = re.findall(r'<div class="mirror-scroll"[^>]* aria-label="([^"]+)">\n<table>', page)
    assert len(frames) == page.count("<table>") > 4
    assert len(set(frames)) == len(frames)
    assert "What each alarm means" in frames


def test_the_admin_gives_the_title(page: str) -> None:
    assert "<h1" not in page
