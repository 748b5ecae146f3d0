import io
import json
import zipfile

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from sessions_app.exports import archive
from sessions_app.exports.archive import Archive, archive_campaign, archive_everything
from sessions_app.exports.file_names import file_name
from sessions_app.exports.formats import export
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session, make_user
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


def unpack(packed: Archive) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(b"".join(packed.chunks))) as file:
        assert file.testzip() is None
        assert len(file.namelist()) == len(set(file.namelist()))
        return {name: file.read(name).decode() for name in file.namelist()}


def test_an_archive_has_the_campaign_and_each_session_in_three_formats(
    campaign: Campaign,
) -> None:
    packed = archive_campaign(campaign)
    assert packed.name == f"{file_name(campaign.name)}.zip"
    files = unpack(packed)
    assert list(files) == [
        "Shoal/campaign.json",
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
    assert json.loads(files["Shoal/campaign.json"])["name"] == "../Shoal"
    fog = campaign.sessions.get(name="Fog")
    for extension in ("md", "json", "vtt"):
        content = export(fog, extension, private=True).content.decode()
        assert files[f"Shoal/Fog.{extension}"] == content


def test_everything_is_in_one_archive_with_a_folder_for_each_campaign(
    owner: User, campaign: Campaign
) -> None:
    make_campaign(owner, "shoal")
    other = make_user("other")
    make_session(other, make_campaign(other, "Private"), "Private")
    make_session(other, name="Private")
    files = unpack(archive_everything(owner))
    folders = [name.partition("/")[0] for name in files]
    assert set(folders) == {"shoal", "Shoal (2)", "Unfiled sessions"}
    assert folders.count("Shoal (2)") == 9
    assert "Unfiled sessions/Unfiled.json" in files
    assert not any("Private" in name for name in files)


def test_an_archive_begins_before_the_first_session_is_read(
    campaign: Campaign, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert next(archive_campaign(campaign).chunks)


def test_no_session_is_read_once_the_reader_has_gone(
    campaign: Campaign,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive, "AT_ONCE", 0)
    read = b""
    chunks = archive_campaign(campaign).chunks
    while b"Fog.md" not in read:
        read += next(chunks)
    with django_assert_num_queries(0):
        chunks.close()  # type: ignore[attr-defined] # as the server does
        assert not list(chunks)


# One of them has JSON, which is read as text for each of its three files.
@pytest.mark.parametrize("text", ["transcript_text", "notes"])
@pytest.mark.parametrize(
    ("at_once", "queries"), [(archive.AT_ONCE, 1 + 2 + 3), (100, 1 + 3 * 2 + 3)]
)
def test_sessions_that_fit_in_memory_together_are_read_together(
    campaign: Campaign,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    queries: int,
    text: str,
) -> None:
    monkeypatch.setattr(archive, "AT_ONCE", at_once)
    campaign.sessions.update(**{text: "MATT: hello " * 20})
    with django_assert_num_queries(queries):
        assert list(archive_campaign(campaign).chunks)


def test_an_empty_campaign_becomes_an_archive_that_says_what_it_is(owner: User) -> None:
    files = unpack(archive_campaign(make_campaign(owner, "New")))
    assert list(files) == ["New/campaign.json", "New/About this campaign.md"]


def test_who_has_nothing_gets_an_empty_archive(owner: User) -> None:
    assert unpack(archive_everything(owner)) == {}


def test_metrics_with_a_duration_the_transcript_does_not_have_do_not_stop_an_archive(
    campaign: Campaign,
) -> None:
    campaign.sessions.filter(name="fog").update(metrics={"totalDuration": 7})
    assert "Shoal/fog (2).vtt" not in unpack(archive_campaign(campaign))


def test_a_session_that_is_deleted_meanwhile_is_left_out(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "AT_ONCE", 0)
    chunks = archive_campaign(campaign).chunks
    data = next(chunks)
    while b"Fog.md" not in data:
        data += next(chunks)
    Session.objects.filter(name="fog").delete()
    files = unpack(Archive("", iter([data, *chunks])))
    assert not any(name.startswith("Shoal/fog") for name in files)
    assert "Shoal/About this campaign (2).json" in files
