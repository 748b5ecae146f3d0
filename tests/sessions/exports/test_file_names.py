import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.exports.file_names import MAX_BYTES, UniqueNames, file_name


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Session 1: Goblin Arrows", "Session 1 Goblin Arrows"),
        ("../../etc/passwd", "etc passwd"),
        ("C:\\a|b?*<>\"'", "C a b '"),
        ("line\nbreak\x00\x7f\ttab", "line break tab"),
        ("Zoe\u0308’s ★ night", "Zoë’s night"),
        ("हिन्दी 龍", "हिन्दी 龍"),
        ("gpj.\u202eexe", "gpj. exe"),
        (".hidden.", "hidden"),
        ("-rf", "rf"),
        ("", "unnamed"),
        ("…///", "unnamed"),
        ("con", "_con"),
        ("Lpt1.old", "_Lpt1.old"),
        ("contract", "contract"),
    ],
)
def test_a_title_becomes_a_safe_file_name(title: str, expected: str) -> None:
    assert file_name(title, "md") == f"{expected}.md"
    assert file_name(title) == expected


@given(st.text())
def test_any_title_becomes_a_safe_file_name(title: str) -> None:
    safe = file_name(title)
    assert 0 < len(safe.encode()) <= MAX_BYTES + 1
    assert safe.isprintable()
    assert not set(safe) & set('/\\:*?"<>|')
    assert safe == safe.strip(" .").lstrip("-")
    assert file_name(safe) in {safe, safe[1:]}


def test_a_long_title_is_cut_between_characters() -> None:
    assert file_name("é" * 100) == "é" * 60
    assert file_name("a" + "é" * 100) == "a" + "é" * 59


def test_a_name_that_is_used_again_gets_a_number() -> None:
    unique = UniqueNames()
    given_names = ["Fog", "fog", "Fog (2)", "FOG", "v1.5", "v1.5"]
    assert [unique.take(name) for name in given_names] == [
        "Fog", "fog (2)", "Fog (2) (2)", "FOG (3)", "v1.5", "v1.5 (2)",
    ]  # fmt: skip
