"""``mirror_check``: its options, and the page that it writes."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import F

from campaigns.documents import CampaignDocument
from campaigns.models import Campaign
from mirror.documents.items import ItemKey
from mirror.management.commands.mirror_check import place_of
from mirror.models import CheckRun, LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify.findings import MISSING, OBJECT_ORPHANED, ORPHANED, STALE, Finding
from mirror.verify.notes import NotesOfShare
from mirror.verify.report import Scope
from mirror.verify.shares import Share
from tests.support.commands import run
from tests.support.factories import make_campaign

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


@pytest.mark.parametrize(
    ("finding", "place"),
    [
        (Finding(MISSING, "wards.ward", "", ItemKey("", "")), "wards.ward ''"),
        (Finding(STALE, "wards.ward", "1", ItemKey("a", "b"), ("x",)), "wards.ward 1 a b"),
        (Finding(ORPHANED, "", "a b", ItemKey("a", "b")), "a b"),
        (Finding(OBJECT_ORPHANED, "wards.ward", "", "texts/"), "wards.ward texts/"),
    ],
)
def test_what_differs_is_named(finding: Finding, place: str) -> None:
    assert place_of(finding) == place


def test_a_page_that_cannot_be_written_ends_with_exit_code_2(
    mirror: Stores, tmp_path: Path
) -> None:
    code, message = error_of_mirror_check("--html", str(tmp_path / "absent" / "x.html"))
    assert (code, "cannot be written" in message) == (2, True)


def test_options_of_a_repair_are_refused_without_repair(db: None) -> None:
    assert error_of_mirror_check("--dry-run")[0] == 2
    assert error_of_mirror_check("--delete-orphans")[0] == 2


@pytest.mark.parametrize("option", ["--json", "--html", "--repair", "--deep"])
def test_the_history_refuses_what_it_would_ignore(db: None, option: str) -> None:
    value = ["page.html"] if option == "--html" else []
    assert error_of_mirror_check("--history", option, *value) == (
        2,
        f"--history compares nothing, and prints text: leave {option} out.",
    )


@pytest.mark.parametrize("sample", ["0", "101", "-1", "many"])
def test_a_sample_must_be_a_percentage(db: None, sample: str) -> None:
    with pytest.raises(CommandError, match="above 0, up to 100"):
        call_command("mirror_check", f"--sample={sample}")


@pytest.mark.parametrize(
    "text", ["0/4", "5/4", "2", "2/", "/4", "a/b", "-1/4", "1/0", "1/2/3", "²/4"]
)
def test_a_segment_must_be_one_of_some(db: None, text: str) -> None:
    with pytest.raises(CommandError, match="K from 1 to N, such as 2/4"):
        call_command("mirror_check", f"--segment={text}")


@pytest.mark.parametrize(
    ("option", "reason"), [("--repair", "does not repair"), ("--sample=5", "compares everything")]
)
def test_a_segment_neither_repairs_nor_samples(db: None, option: str, reason: str) -> None:
    code, message = error_of_mirror_check("--segment=1/2", option)
    assert (code, reason in message) == (2, True)


def test_a_segment_that_counts_no_more_ends_with_exit_code_2(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin_anew(*_: Any) -> None:
        Share.begun(1, 2, Scope(), 1)

    monkeypatch.setattr(NotesOfShare, "leave_findings", begin_anew)
    code, message = error_of_mirror_check("--segment=1/2")
    assert (code, "counts no more" in message) == (2, True)


def test_a_parked_row_that_is_equal_is_not_passed_over(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_campaign(owner)
    worker.drain()
    assert "parked" not in mirror_check()[1]
    Campaign.objects.update(name=F("name"))  # nothing differs, but it is to be written anew
    with monkeypatch.context() as patch:
        patch.setattr(CampaignDocument, "keys", lambda row: {"pk": "a#b", "sk": "c#d"})
        assert worker.drain().backlog.parked == 1
    code, printed = mirror_check()
    assert (code, printed.startswith("100 % in sync")) == (0, True), printed
    assert "1 row is parked: " in printed
    assert "1 row is parked: " in mirror_check("--json")[1]  # with the errors
    assert CheckRun.objects.latest("pk").parked == 1
    assert "✕ Rows parked: 1." in mirror_check("--history")[1]

    LedgerEntry.objects.retry()
    worker.drain()
    assert "parked" not in mirror_check()[1]


def test_a_check_that_left_much_pending_says_that_it_proves_nothing(
    mirror: Stores, owner: User
) -> None:
    make_campaign(owner)
    code, printed = mirror_check()
    assert (code, printed.partition(".")[0]) == (
        0,
        "0 % in sync: 0 of 1 rows, 1 pending, 0 differing",
    )
    assert "More than 1 % of the rows are pending, and so not compared." in printed
    worker.drain()
    assert "not compared" not in mirror_check()[1]


def test_the_segment_that_ends_last_writes_the_page(mirror: Stores, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert mirror_check("--segment=1/2", "--html", str(page))[0] == 0
    assert not page.exists()
    assert mirror_check("--segment=2/2", "--html", str(page))[0] == 0
    assert "100 %" in page.read_text()


def test_a_model_that_lost_its_document_is_not_passed_over(
    mirror: Stores,
) -> None:
    LedgerEntry.objects.create(model="library.book", object_id="7", mirrored_revision=1)
    code, output = mirror_check()
    assert code == 0
    assert "Not compared: library.book. The ledger knows rows of this model" in output
    advice = "Look at INSTALLED_APPS, which may lack the app, and at documents.py in the app."
    assert advice in output
    assert advice in mirror_check("--history")[1]


def test_a_check_without_any_document_ends_with_exit_code_2(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirror.documents.registry._documents", {})
    code, sentence = error_of_mirror_check()
    assert (code, sentence.partition(":")[0]) == (
        2,
        "No model has a document, so there is nothing to compare",
    )
    assert not CheckRun.objects.exists()
