"""The picture of the product that visitors see before they have an account."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.support.pages import text_of

MOST_BYTES = 150_000


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/"])
def test_visitors_see_the_product_in_light_and_dark(client: Client, path: str) -> None:
    page = text_of(client.get(path))
    assert re.search(r'<img [^>]*alt="The page of a session', page)
    names = re.findall(r'(?:src|srcset)="/static/(site/product[\w.-]+)"', page)
    assert len(names) == 2
    for name in names:
        content = Path(str(finders.find(name))).read_bytes()
        assert content[8:12] == b"WEBP"
        assert len(content) <= MOST_BYTES


def test_the_picture_of_a_preview_has_the_form_that_chat_programs_show() -> None:
    content = Path(str(finders.find("site/preview.png"))).read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (1200, 630)
    assert len(content) <= MOST_BYTES
