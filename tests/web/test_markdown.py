"""Markdown becomes safe HTML whose headings fit below those of the page."""

from __future__ import annotations

import pytest

from config.web.markdown import MAX_RENDERED, first_words, render


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**a** *b* ~~c~~", "<p><strong>a</strong> <em>b</em> <s>c</s></p>\n"),
        ("a\nb", "<p>a<br>\nb</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("# a\n### b\n# c", "<h3>a</h3>\n<h4>b</h4>\n<h3>c</h3>\n"),
        ("### a", "<h3>a</h3>\n"),
        (
            "[a](https://example.org/)",
            '<p><a href="https://example.org/" rel="nofollow noopener noreferrer">a</a></p>\n',
        ),
        ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>\n"),
    ],
)
def test_markdown_becomes_html(text: str, html: str) -> None:
    assert render(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt&colon;alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "[a](vbscript:x)",
        "<javascript:alert(1)>",
        "![a](https://example.org/x.png)",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        '[a](https://example.org/ "x\\" onclick=alert(1) y=\\"")',
        "<style>*{}</style>",
        "<iframe src=https://example.org></iframe>",
        "```<script>\n</script>```",
    ],
)
def test_harmful_html_is_removed(text: str) -> None:
    html = render(text)
    for harmful in (
        "<script",
        "<img",
        "<svg",
        "<style",
        "<iframe",
        ' onclick="',
        'href="javascript',
        'href="data',
    ):
        assert harmful not in html.lower()


def test_a_very_long_text_is_shown_as_typed() -> None:
    html = render("<b>*a*</b>\n" + "[" * MAX_RENDERED)
    assert html.startswith("<p>&lt;b&gt;*a*&lt;/b&gt;<br>")


def test_deep_nesting_is_rendered_without_a_timeout() -> None:
    assert render(">" * 50_000).startswith("<blockquote>\n<blockquote>")
    for text in ("[" * 50_000, "*a_" * 16_000):
        assert render(text) == f"<p>{text}</p>\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("# Fog\n\nThey *rang* [the bell](https://example.org/).", "Fog · They rang the bell."),
        (
            "## The Vault\n\nWe\nenter: “Dark!”\n\n- one *torch*\n- two ropes (wet)\n1. **Go.**",
            "The Vault · We enter: “Dark!” one torch · two ropes (wet) · Go.",
        ),
        ("| A | B |\n| - | - |\n| `c` | d |\n\n```\ne\nf\n```\ng", "A · B · c · d · e f · g"),
        ("- five six\n- seven eight nine ten…", "five six · seven…"),
        ("- five six seven\n- eight nine ten…", "five six seven…"),
        ('Say "<b>" & go', 'Say "<b>" & go'),
        ("one two three four five six seven", "one two three four…"),
        ("x" * 30, "x" * 20 + "…"),
    ],
)
def test_the_first_words_are_plain_text_in_one_line(text: str, words: str) -> None:
    length = 20 if "…" in words else 100
    assert first_words(text, length) == words
