from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.transcribe_files import job, segments_of, spoken, word


def text_of(*items: dict[str, Any]) -> str:
    """Return the phrases that these items make, divided by slashes."""
    return " / ".join(text for _, text in spoken(job(items=list(items))))


def test_words_without_segments_are_divided_at_sentences_and_pauses() -> None:
    text = text_of(
        word("Stop", 0), word("."), word("Who's", 0.6), word(",", None), word("um", 1.2),
        word("there", 3.8), word("?"), word("Me", 4.3),
    )  # fmt: skip
    assert text == "Stop. / Who's, um / there? / Me"


def test_a_mark_follows_its_word_and_an_opening_bracket_precedes_it() -> None:
    text = text_of(
        word("¿"), word("Qué", 0), word("?", None), word("("), word("dijo", 0.5), word(")"),
        word("«"), word("sí", 1), word("»"), word("-"), word("ya", 1.5),
    )  # fmt: skip
    assert text.replace(" / ", " ") == "¿Qué? (dijo) «sí»- ya"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["今日", "は", "。"], "今日は。"),
        (["สวัส", "ดี"], "สวัสดี"),
        (["안녕", "친구"], "안녕 친구"),
        (["NPC", "的"], "NPC 的"),
    ],
)
def test_scripts_without_spaces_are_joined_without_spaces(words: list[str], text: str) -> None:
    assert text_of(*(word(w, None if w == "。" else n / 2) for n, w in enumerate(words))) == text


def test_the_first_alternative_is_taken() -> None:
    two = word("ship", 0)
    two["alternatives"].append({"confidence": "0.1", "content": "sheep"})
    assert text_of(two) == "ship"


def test_redacted_and_masked_words_are_kept_and_removed_ones_left_out() -> None:
    redacted = word("[PII]", 1)
    redacted["alternatives"] = [{"content": "[PII]", "redactions": [{"confidence": "1.0"}]}]
    text = text_of(
        word("I'm", 0.5), redacted, word("***", 1.5, vocabularyFilterMatch=True), word("", 2),
        word("damn", 2.5, vocabularyFilterMatch=True), word("", None), word("it", 3),
    )  # fmt: skip
    assert text == "I'm [PII] *** damn it"


def test_an_item_without_a_type_is_a_word_if_it_has_times() -> None:
    untyped, mark = word("So", 0), word("…")
    del untyped["type"]
    assert text_of(untyped, mark, word("well", 0.5)).startswith("So…")


words_with_speakers = st.lists(
    st.tuples(
        st.text(st.characters(categories=["L", "N", "S"]), min_size=1, max_size=8),
        st.sampled_from(["spk_0", "spk_1", "spk_2"]),
        st.floats(0, 5),
        st.sampled_from(["", ".", ","]),
    ),
    min_size=1,
)


@given(words_with_speakers)
def test_no_word_of_a_job_is_lost(words: list[tuple[str, str, float, str]]) -> None:
    items, time = [], 0.0
    for content, label, pause, mark in words:
        items.append(word(content, time, time + 0.2, speaker_label=label))
        items += [word(mark)] if mark else []
        time += 0.2 + pause
    segments = segments_of(job(items=items))
    text = "".join("".join(segment.text.split()) for segment in segments)
    assert text == "".join(content + mark for content, _, _, mark in words)
    starts = [segment.start or 0.0 for segment in segments]
    assert starts == sorted(starts)
