"""Long texts are shown around their first difference, binary data in hexadecimal digits."""

from __future__ import annotations

from mirror.staff.display import MAX_SHOWN, dynamodb_text, excerpt, first_difference


def test_a_long_text_is_shown_from_just_before_its_first_difference() -> None:
    one, other = "a" * 50_000 + "b" * 50_000, "a" * 50_000 + "c" * 50_000
    assert first_difference(one, other) == 50_000
    assert first_difference(one, one) == 0
    assert first_difference("ab", "a") == 1
    shown = excerpt(one, 50_000)
    assert shown.startswith("[49850 characters]\n…a")
    assert shown.endswith("b…\n[30150 more characters]")
    assert excerpt("short", 3) == "short"


def test_binary_data_is_shown_in_hexadecimal_digits_and_not_all_of_it() -> None:
    assert dynamodb_text({"B": b"\x00\xff"}) == "00 ff"
    for large in ({"B": bytes(MAX_SHOWN)}, {"L": [{"B": bytes(MAX_SHOWN)}]}):
        shown = dynamodb_text(large)
        assert shown is not None
        assert shown.endswith("more characters]")
