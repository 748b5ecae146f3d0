"""Archives come back whole, and those that are damaged or made to do harm are refused."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection

from campaigns.models import Campaign
from sessions_app.importing import ImportRefused, ImportResult, archives, storing
from sessions_app.importing.incoming import IncomingSession
from sessions_app.models import Session
from tests.support.exported import archive_of, bring_in, exported, packed
from tests.support.factories import make_campaign, make_session, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(owner: User) -> Campaign:
    campaign = make_campaign(owner, "Lamps", description="Fog.", language="de")
    make_session(owner, campaign, "One", notes="1")
    make_session(owner, campaign, "campaign", transcript_text="MATT: Roll.")
    return campaign


def everything() -> list[tuple[object, ...]]:
    """Return all campaigns and sessions, without the times at which they were changed."""
    campaigns = Campaign.objects.order_by("pk").values_list("pk", "name", "description", "language")
    sessions = Session.objects.order_by("pk").values_list("pk", "name", "campaign", "notes")
    return [*campaigns, *sessions]


def test_a_campaign_comes_back_with_its_sessions(owner: User, campaign: Campaign) -> None:
    before, data = everything(), archive_of(campaign)
    Session.objects.all().delete()
    campaign.delete()
    result = bring_in(owner, data, "Lamps.zip")
    assert [made.name for made in result.campaigns] == ["Lamps"]
    assert len(result.new) == 2
    assert everything() == before
    assert len(bring_in(owner, data, "Lamps.zip").skipped) == 2
    assert everything() == before


@pytest.mark.no_cover  # many lines, and other tests cover the code
def test_an_evening_of_one_line_comes_back(owner: User, campaign: Campaign) -> None:
    """Packed, it is a hundredth of what it was and less, as an archive made to do harm is."""
    text = "MATT: Roll.\n" * 100_000
    Session.objects.filter(name="One").update(transcript_text=text)
    data = archive_of(campaign)
    assert 100 * len(data) < len(text)
    Session.objects.all().delete()
    bring_in(owner, data, "Lamps.zip")
    assert Session.objects.get(name="One").transcript_text == text


def test_everything_comes_back_also_campaigns_of_the_same_name(
    owner: User, campaign: Campaign
) -> None:
    make_session(owner, make_campaign(owner, "Lamps", description="Others."), "Two")
    make_session(owner, name="Unfiled")
    before, data = everything(), archive_of(owner)
    Session.objects.all().delete()
    Campaign.objects.all().delete()
    bring_in(owner, data, "all.zip")
    assert everything() == before
    assert not bring_in(owner, data, "all.zip").new


def test_what_was_deleted_comes_back_and_nothing_else_changes(
    owner: User, campaign: Campaign
) -> None:
    data = archive_of(campaign)
    Session.objects.get(name="One").delete()
    Campaign.objects.update(name="Renamed")
    result = bring_in(owner, data, "Lamps.zip")
    assert [new.session_name for new in result.new] == ["One"]
    assert not result.campaigns
    assert Campaign.objects.get().sessions.count() == 2


def test_an_archive_can_be_copied_into_another_account(owner: User, campaign: Campaign) -> None:
    before = everything()
    other = make_user("other")
    for _ in range(2):
        bring_in(other, archive_of(campaign), "Lamps.zip")
    assert Campaign.objects.get(owner=other).sessions.count() == 2
    Campaign.objects.filter(owner=other).delete()
    Session.objects.filter(owner=other).delete()
    assert everything() == before


def test_the_files_of_an_archive_can_be_imported_one_by_one_in_any_order(
    owner: User, campaign: Campaign
) -> None:
    """A script on the import page does so, and a file may fail at first."""
    make_session(owner, make_campaign(owner, "Lamps", description="Others."), "Two")
    before, data = everything(), archive_of(owner)
    Session.objects.all().delete()
    Campaign.objects.all().delete()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".json")]
        for name in random.Random(3).sample(names, len(names)):
            bring_in(owner, archive.read(name), name)
    assert everything() == before


def test_a_campaign_keeps_its_time_wherever_it_is_in_the_archive(
    owner: User, campaign: Campaign
) -> None:
    Campaign.objects.update(created_at=datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))
    with zipfile.ZipFile(io.BytesIO(archive_of(Campaign.objects.get()))) as archive:
        files = {name: archive.read(name) for name in reversed(archive.namelist())}
    before = Campaign.objects.values_list("created_at").get()
    campaign.delete()
    bring_in(owner, packed(files), "Lamps.zip")
    assert Campaign.objects.values_list("created_at").get() == before


def test_a_repeat_of_an_import_that_still_runs_waits_for_it_and_stores_nothing_again(
    transactional_db: None, owner: User, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, data = everything(), archive_of(campaign)
    Session.objects.all().delete()
    campaign.delete()
    add = storing._Storing.add_session
    repeats: list[Future[ImportResult]] = []

    def repeat(patience: float) -> ImportResult:
        monkeypatch.setattr(storing, "WAIT", patience)
        try:
            return bring_in(owner, data, "Lamps.zip")
        finally:
            connection.close()

    def add_session(self: storing._Storing, incoming: IncomingSession) -> None:
        add(self, incoming)
        if not repeats:
            with pytest.raises(ImportRefused, match="Another import into this account still runs"):
                threads.submit(repeat, 0).result()
            repeats.append(threads.submit(repeat, 60))
            with pytest.raises(TimeoutError):  # it waits
                repeats[0].result(timeout=0.3)

    monkeypatch.setattr(storing._Storing, "add_session", add_session)
    with ThreadPoolExecutor(1) as threads:
        bring_in(owner, data, "Lamps.zip")
        assert len(repeats[0].result().skipped) == 2
    assert everything() == before


def test_one_damaged_session_keeps_the_whole_archive_out(owner: User, campaign: Campaign) -> None:
    one, two = Session.objects.order_by("name")
    data = packed({"a/1.json": exported(one), "a/2.json": exported(two, notes=7)})
    Session.objects.all().delete()
    with pytest.raises(ImportRefused, match=r"^Lamps\.zip: 2\.json is damaged: \$\.notes"):
        bring_in(owner, data, "Lamps.zip")
    assert not Session.objects.exists()


def test_names_in_an_archive_are_no_paths(owner: User, campaign: Campaign) -> None:
    session = Session.objects.get(name="One")
    data = packed({"../../etc/\x1b[2Jcron.json": exported(session, version=99)})
    with pytest.raises(ImportRefused) as caught:
        bring_in(owner, data, "a.zip")
    assert str(caught.value).startswith("a.zip: \ufffd[2Jcron.json was exported by a newer")


def bomb() -> bytes:
    return packed({"bomb.json": b'{"format":"tabletop-session","notes":"' + b"x" * 70_000_000})


def many_small_bombs() -> bytes:
    part = b'{"format":"tabletop-session","name":"a","notes":"' + b"x" * 3_000_000 + b'"}'
    return packed({f"{number}.json": part for number in range(12)})


def many_files() -> bytes:
    return packed({f"{number}.txt": b"" for number in range(30)}, zipfile.ZIP_STORED)


def truncated() -> bytes:
    return packed({"a.json": b'{"format":"tabletop-session"}'})[:-30]


def wrong_checksum() -> bytes:
    data = bytearray(packed({"a.json": b'{"format":"tabletop-session"}'}, zipfile.ZIP_STORED))
    data[45] ^= 1
    return bytes(data)


def packed_by_lzma() -> bytes:
    return packed({"a.json": b'{"format":"tabletop-session"}'}, zipfile.ZIP_LZMA)


def without_exports() -> bytes:
    return packed({"a.txt": b"MATT: Roll.", "b.json": b"{}", "notes.json": b"nothing"})


def no_archive() -> bytes:
    return b"MATT: Roll."


def empty_archive() -> bytes:
    return packed({})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (bomb, "a.zip: bomb.json is too large."),
        (many_small_bombs, "is too large."),
        (many_files, "a.zip has more than 20 files."),
        (truncated, "a.zip is damaged, or is not a ZIP archive."),
        (wrong_checksum, "a.zip is damaged, or is not a ZIP archive."),
        (packed_by_lzma, "a.zip is damaged, or is not a ZIP archive."),
        (without_exports,
         "a.zip has no exported session. Unpack it, and import the files in it."),
        (no_archive, "a.zip is damaged, or is not a ZIP archive."),
        (bytes, "a.zip is damaged, or is not a ZIP archive."),
        (empty_archive, "a.zip has no exported session."),
    ],
)  # fmt: skip
def test_a_harmful_or_damaged_archive_is_refused(
    owner: User, make: Callable[[], bytes], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 20)
    monkeypatch.setattr(archives, "MAX_UNPACKED", 30_000_000)
    with pytest.raises(ImportRefused) as caught:
        bring_in(owner, make(), "a.zip")
    assert message in str(caught.value)
    assert not Session.objects.exists()


def test_a_list_of_files_of_any_length_is_not_read(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_READ", 1000)
    with pytest.raises(ImportRefused, match="damaged"):
        bring_in(owner, many_files(), "a.zip")


def test_any_damage_is_answered_with_a_sentence(owner: User, campaign: Campaign) -> None:
    data = archive_of(campaign)
    chance = random.Random(7)
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(data))] = chance.randrange(256)
        try:
            bring_in(owner, bytes(damaged[: chance.choice([None, chance.randrange(len(data))])]))
        except ImportRefused:
            continue


def test_an_archive_is_recognised_without_its_name(owner: User, campaign: Campaign) -> None:
    data = archive_of(campaign)
    Session.objects.all().delete()
    assert len(bring_in(owner, data, "backup").new) == 2
    assert zipfile.is_zipfile(io.BytesIO(data))
