"""``mirror_check``: its options, and the page that it writes."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mirror.stores.clients import Stores
from tests.support.commands import run

mirror_check = partial(run, "mirror_check")


def error_of_mirror_check(*arguments: str) -> tuple[int, str]:
    """Run the command and return the code and the message of the error that it raises."""
    with pytest.raises(CommandError) as refusal:
        call_command("mirror_check", *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    return refusal.value.returncode, str(refusal.value)


def test_the_page_shows_findings_and_escapes_them(mirror: Stores, tmp_path: Path) -> None:
    mirror.items.client.put_item(
        TableName=mirror.items.table, Item={"pk": {"S": "<script>"}, "sk": {"S": "&"}}
    )
    page = tmp_path / "report.html"
    assert mirror_check("--html", str(page))[0] == 1
    text = page.read_text()
    assert "&lt;script&gt; &amp;" in text
    assert "<script>" not in text
    assert "Not ready to switch" in text


def test_a_page_that_cannot_be_written_ends_with_exit_code_2(
    mirror: Stores, tmp_path: Path
) -> None:
    code, message = error_of_mirror_check("--html", str(tmp_path / "absent" / "x.html"))
    assert (code, "cannot be written" in message) == (2, True)


def test_options_of_a_repair_are_refused_without_repair(db: None) -> None:
    assert error_of_mirror_check("--dry-run")[0] == 2
    assert error_of_mirror_check("--delete-orphans")[0] == 2


@pytest.mark.parametrize("sample", ["0", "101", "-1", "many"])
def test_a_sample_must_be_a_percentage(db: None, sample: str) -> None:
    with pytest.raises(CommandError, match="above 0, up to 100"):
        call_command("mirror_check", f"--sample={sample}")
