import io
import tempfile
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from sessions_app.exports import archive
from sessions_app.exports.file_names import file_name
from sessions_app.exports.formats import export
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session
from tests.support.transcribe_files import EVENING, as_file, session_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(owner: User) -> Campaign:
    campaign = make_campaign(owner, "../Shoal", description="Lamps.")
    session_with(as_file(EVENING), owner=owner, campaign=campaign, name="Fog").save()
    session_with("RUTH: Hello.", owner=owner, campaign=campaign, name="fog").save()
    make_session(owner, campaign, "About this campaign")
    make_session(owner, name="Unfiled")
    return campaign


def unpack(campaign: Campaign) -> dict[str, str]:
    packed = archive.archive_campaign(campaign)
    assert packed.name == f"{file_name(campaign.name)}.zip"
    with packed.file, zipfile.ZipFile(io.BytesIO(packed.file.read())) as file:
        assert file.testzip() is None
        assert len(file.namelist()) == len(set(file.namelist()))
        return {name: file.read(name).decode() for name in file.namelist()}


def test_an_archive_has_the_description_and_each_session_in_three_formats(
    campaign: Campaign,
) -> None:
    files = unpack(campaign)
    assert list(files) == [
        "Shoal/About this campaign.md",
        "Shoal/Fog.md",
        "Shoal/Fog.json",
        "Shoal/Fog.vtt",
        "Shoal/fog (2).md",
        "Shoal/fog (2).json",
        "Shoal/About this campaign (2).md",
        "Shoal/About this campaign (2).json",
    ]
    assert files["Shoal/About this campaign.md"] == "# ../Shoal\n\nLamps.\n"
    fog = campaign.sessions.get(name="Fog")
    for extension in ("md", "json", "vtt"):
        assert files[f"Shoal/Fog.{extension}"] == export(fog, extension).content.decode()


@pytest.mark.parametrize(("at_once", "queries"), [(archive.AT_ONCE, 1 + 1), (0, 1 + 3)])
def test_sessions_that_fit_in_memory_together_are_read_together(
    campaign: Campaign,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    queries: int,
) -> None:
    monkeypatch.setattr(archive, "AT_ONCE", at_once)
    campaign.sessions.update(transcript_text="MATT: hello")
    with django_assert_num_queries(queries):
        archive.archive_campaign(campaign).file.close()


def test_an_empty_campaign_becomes_an_archive_with_its_description(owner: User) -> None:
    assert list(unpack(make_campaign(owner, "New"))) == ["New/About this campaign.md"]


def test_metrics_with_a_duration_the_transcript_does_not_have_do_not_stop_an_archive(
    campaign: Campaign,
) -> None:
    campaign.sessions.filter(name="fog").update(metrics={"totalDuration": 7})
    assert "Shoal/fog (2).vtt" not in unpack(campaign)


def test_a_failed_archive_leaves_no_file(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    real = tempfile.SpooledTemporaryFile

    def spooled(**options: Any) -> Any:
        made.append(real(**options))
        return made[0]

    def fail(session: Session, extension: str) -> None:
        raise OSError

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", spooled)
    monkeypatch.setattr(archive, "export", fail)
    with pytest.raises(OSError):  # noqa: PT011 - it has no message
        archive.archive_campaign(campaign)
    assert made[0].closed


def test_a_large_archive_is_written_to_disk(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "IN_MEMORY", 100)
    with archive.archive_campaign(campaign).file as file:
        assert getattr(file, "_rolled", None) is True
