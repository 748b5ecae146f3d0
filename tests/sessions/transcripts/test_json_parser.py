import pytest

from tests.support.transcribe_files import private_refusal, refusal


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{\n  "results": {SECRET}}', "is not valid JSON (line 2, column 15)."),
        (b'{"results": NaN}', "has a number that cannot be stored."),
        (b'{"results": 1e99999999999999999999}', "has a number that cannot be stored."),
        (b'{"results": ' + b"9" * 131_073 + b"}",
         "cannot be stored because of $.results: this number is too large, too "),
        (b'{"results":' + b"[" * 100_000, "is nested too deeply to be a transcript."),
        (b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", "is nested too deeply to be a transcript."),
        (b'{"results": [0, 1e999]}', "cannot be stored because of $.results[1]: this number "),
        (b'{"SECRET": {"items": ["\\u0000"]}}', "cannot be stored because of $.*.items[0]: null "),
        (b'{"results": {"SECRET\\ud800": 1}}', "cannot be stored because of $.results: half of a "),
    ],
)  # fmt: skip
def test_json_that_cannot_be_parsed_or_stored_is_refused(data: bytes, message: str) -> None:
    assert private_refusal(data, "job.json").startswith(f"job.json {message}")


def test_the_path_of_a_value_that_cannot_be_stored_is_found_in_linear_time() -> None:
    wide = "[" + '"",' * 1_000_000 + '"\\u0000"]'
    message = refusal(('{"a":' * 400 + wide + "}" * 400).encode(), "log.json")
    assert message == (
        f"log.json cannot be stored because of ${'.*' * 400}[1000000]: "
        "null characters are not allowed."
    )
