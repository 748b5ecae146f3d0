import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror import exact_json
from sessions_app.transcripts import TranscriptError, json_text
from tests.support.transcribe_files import EVENING, private_refusal, refusal


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{\n  "results": {SECRET}}', "is broken at line 2, column 15."),
        ('{"é": "SECRET" 1}'.encode(), "is broken at line 1, column 16."),
        (b'{"a": 1', "is broken at line 1, column 8."),
        (b'{"results": NaN}', "is broken at line 1, column 13."),
        (b'{"results": 1e99999999999999999999}', "has a number that is too large, too small or"),
        (b'{"results": ' + b"9" * 131_073 + b"}", "has a number that is too large, too small or"),
        (b'{"results": [0, 1e999]}', "has a number that is too large, too small or"),
        (b'{"results":' + b"[" * 100_000, "is nested too deeply to be a transcript."),
        (b'{"a":' + b"[" * 600 + b"]" * 600 + b"}", "is nested too deeply to be a transcript."),
        (b'{"SECRET":\n{"items": ["\\u0000"]}}', "has a null character in line 2, which cannot"),
        (b'{"results": {"SECRET\\ud800": 1}}', "has half of a character in line 1, which cannot"),
        (b'{"results": "\\udc00\\ud800"}', "has half of a character in line 1, which cannot"),
        (b'{"results": "\\ud800\\\\udc00"}', "has half of a character in line 1, which cannot"),
    ],
)  # fmt: skip
def test_json_that_cannot_be_read_or_stored_is_refused(data: bytes, message: str) -> None:
    assert private_refusal(data, "job.json").startswith(f"job.json {message}")


def test_json_that_only_looks_wrong_is_kept() -> None:
    odd = "\\u0000 \\ud800 1e999 [[[[ " + "[" * 600 + "9" * 200_000
    text = json.dumps({**EVENING, "odd": odd, "dragon": "🐉"})
    checked = json_text.check(text.encode(), "job.json")
    assert json.loads(checked) == json.loads(text)


def test_json_is_kept_to_the_last_digit_and_without_spaces() -> None:
    text = b'{ "a": 0.12345678901234567890123456789,\n "b": [1E+5, "x  y"] }'
    assert json_text.check(text, "a.json") == (
        b'{"a":0.12345678901234567890123456789,"b":[1E+5,"x  y"]}'
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
)


@given(json_values, st.booleans(), st.sampled_from([None, 1]))
def test_what_passes_is_what_was_written(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    try:
        checked = json_text.check(text.encode("utf-8", "surrogatepass"), "a.json")
    except (TranscriptError, UnicodeDecodeError):
        assert re.search(r"\\u0000|[\ud800-\udfff]|\\ud[89a-f]|e\+?\d{3}", text)
    else:
        assert exact_json.load(checked) == exact_json.load(text)


@pytest.mark.parametrize(
    "data",
    [
        b"[" + b"{}," * 2_000_000 + b"{}]",
        b'{"a":"' + b"x" * (37 * 1024 * 1024) + b'"}',
    ],
    ids=["values", "bytes"],
)
def test_json_that_is_too_long_is_refused_in_words(data: bytes) -> None:
    assert refusal(data, "a.json") == (
        "a.json is too long: a transcript in JSON may have about 100,000 words, some ten hours of "
        "talk. Divide it into several sessions."
    )
