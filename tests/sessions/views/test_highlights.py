"""Highlights: made on the transcript, listed, marked, put into the recap, removed."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Campaign
from sessions_app import highlights
from sessions_app.models import Highlight, Session
from tests.support.factories import make_campaign, make_session
from tests.support.pages import load_form, messages_of, text_of
from tests.support.transcribe_files import EVENING

LOG = "MATT: You come to a door.\nLAURA: I listen at\nthe *door*.\nMATT: Silence.\n"


@pytest.fixture
def session(owner: User) -> Session:
    campaign = make_campaign(owner)
    return make_session(owner, campaign, transcript_text=LOG, speaker_names={"LAURA": "Laura"})


def highlight_path(session: Session, number: int) -> str:
    return f"/sessions/{session.pk}/transcript/turns/{number}/highlight/"


def test_words_are_kept_with_speaker_and_turn_listed_and_marked(
    gm: Client, session: Session
) -> None:
    answer = gm.post(highlight_path(session, 2), {"quote": " listen at the *door* \r\n"})
    assert answer["Location"] == f"/sessions/{session.pk}/transcript/?part=1#t2"
    kept = Highlight.objects.get()
    assert (kept.quote, kept.speaker, kept.start, kept.turn) == (
        "listen at the *door*", "Laura", None, 2
    )  # fmt: skip
    assert '<mark class="kept">listen at\nthe *door*</mark>' in text_of(
        gm.get(f"/sessions/{session.pk}/transcript/")
    )
    for path in (session.get_absolute_url(), f"/campaigns/{session.campaign_id}/"):
        page = text_of(gm.get(path))
        assert "“listen at the *door*”" in page
        assert "turn 2" in page


@pytest.mark.parametrize(
    ("said", "quote", "kept"),
    [
        ("The dragon breath hits.", "agon  BRE", "dragon breath"),
        ("They don’t; he doesn't.", "n", "don’t"),
        ("They don’t; he doesn't.", "t; he doe", "don’t; he doesn't"),
        ("They take the lamp.", "the", "the"),  # not that in They
        ("Say 'lamp' and go.", "am", "lamp"),
        ("Gro\u0308ße Élodie, zwölf.", "o\u0308ße Élo", "Gro\u0308ße Élodie"),
        ("Room 1204b, (quick)!", "204", "1204b"),
        ("Room 1204b, (quick)!", ", (qui", ", (quick"),
        ("Крепкий дракон", "репк", "Крепкий"),
        ("古い灯台の灯り。", "灯台", "灯台"),  # no spaces there: a word begins anywhere
        ("Twelve STRASSEN there", "straßen", "straßen"),
    ],
)
def test_a_highlight_has_whole_words(
    gm: Client, session: Session, said: str, quote: str, kept: str
) -> None:
    session.transcript_text = f"MATT: {said}\n"
    session.save()
    gm.post(highlight_path(session, 1), {"quote": quote})
    assert Highlight.objects.get().quote == kept
    page = text_of(gm.get(f"/sessions/{session.pk}/transcript/"))
    marked = [html.unescape(words) for words in re.findall('<mark class="kept">(.*?)</mark>', page)]
    assert marked == [kept] * (kept in said)


def test_a_highlight_is_as_long_as_allowed_with_whole_words(gm: Client, session: Session) -> None:
    session.transcript_text = f"MATT: {'x' * 2001}\n"
    session.save()
    answer = gm.post(highlight_path(session, 1), {"quote": "x" * 2000})
    assert "these are 2,001" in text_of(answer)


def test_a_highlight_of_before_that_ends_within_a_word_is_marked(
    gm: Client, session: Session
) -> None:
    session.highlights.create(quote="come to a do", turn=1)
    page = text_of(gm.get(f"/sessions/{session.pk}/transcript/"))
    assert 'You <mark class="kept">come to a do</mark>or.' in page


def test_a_time_is_kept(gm: Client, owner: User) -> None:
    session = make_session(owner, transcript_json=EVENING)
    gm.post(highlight_path(session, 2), {"quote": "Open up!"})
    assert Highlight.objects.get().start == 2.25
    assert "at 0:02" in text_of(gm.get(session.get_absolute_url()))


def test_a_script_gets_no_page(gm: Client, session: Session) -> None:
    headers = {"Accept": "text/plain"}
    path = highlight_path(session, 1)
    assert gm.post(path, {"quote": "a door"}, headers=headers).status_code == 204
    answer = gm.post(path, {"quote": "a window"}, headers=headers)
    assert answer.status_code == 400
    assert text_of(answer) == "The transcript does not have these words in a row."
    assert Highlight.objects.count() == 1


@pytest.mark.parametrize(
    ("quote", "problem"),
    [
        ("a <window>", "does not have these words in a row"),
        (" ", "Which words?"),
        ("x" * 2001, "up to 2,000 characters: these are 2,001"),
        ("a\x00b", "Null characters"),
    ],
)
def test_what_cannot_be_kept_is_explained_and_shown_again(
    gm: Client, session: Session, quote: str, problem: str
) -> None:
    answer = gm.post(highlight_path(session, 1), {"quote": quote})
    assert problem in str(answer.context["highlight_form"].errors)
    assert answer.context["highlight_form"]["quote"].value() == quote
    assert not Highlight.objects.exists()


def test_a_session_has_a_limit(
    gm: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.turn_forms.MAX_HIGHLIGHTS", 1)
    gm.post(highlight_path(session, 1), {"quote": "a door"})
    page = text_of(gm.post(highlight_path(session, 1), {"quote": "You come"}))
    assert "the most it can have" in page
    assert Highlight.objects.count() == 1


def test_a_highlight_is_found_after_turns_before_it_were_deleted(
    gm: Client, session: Session
) -> None:
    gm.post(highlight_path(session, 3), {"quote": "Silence"})
    key = Highlight.objects.get().pk
    turn = f"/sessions/{session.pk}/transcript/turns/1/"
    gm.post(turn, load_form(gm, turn) | {"do": "delete"})
    page = gm.get(f"/sessions/{session.pk}/transcript/?highlight={key}")
    assert page["Location"].endswith("?part=1#t2")
    assert '<mark class="kept">Silence</mark>' in text_of(
        gm.get(f"/sessions/{session.pk}/transcript/")
    )
    # The same words in a turn that was highlighted from a page of before the deletion:
    assert gm.post(highlight_path(session, 3), {"quote": "Silence."}).status_code == 302
    assert Highlight.objects.get(quote="Silence.").turn == 2


@pytest.mark.parametrize("key", ["00000000-0000-4000-8000-000000000009", "x"])
def test_a_highlight_that_is_nowhere_is_explained(gm: Client, session: Session, key: str) -> None:
    answer = gm.get(f"/sessions/{session.pk}/transcript/?highlight={key}", follow=True)
    assert "no longer in the transcript" in text_of(answer)


def test_a_quote_is_appended_to_the_recap_as_it_is_stored(gm: Client, session: Session) -> None:
    highlight = session.highlights.create(quote="Silence.\nNothing.", speaker="Matt", turn=3)
    path = f"/sessions/{session.pk}/highlights/{highlight.pk}/recap/"
    assert messages_of(gm.post(path)) == ["Added to the end of the recap."]
    session.refresh_from_db()
    assert session.player_recap == "> “Silence.\n> Nothing.” — Matt\n"
    Session.objects.update(player_recap="Written in another tab\n")
    gm.post(path)
    assert messages_of(gm.post(path))[-1] == "The recap already has this quote."
    session.refresh_from_db()
    assert session.player_recap == ("Written in another tab\n\n> “Silence.\n> Nothing.” — Matt\n")
    assert "data-copy-text=" in text_of(gm.get(session.get_absolute_url()))


def test_a_recap_that_is_being_written_does_not_lose_the_quote(
    gm: Client, session: Session
) -> None:
    edit = f"{session.get_absolute_url()}edit/"
    loaded = load_form(gm, edit)
    highlight = session.highlights.create(quote="Silence.", turn=3)
    gm.post(f"/sessions/{session.pk}/highlights/{highlight.pk}/recap/")
    page = text_of(gm.post(edit, loaded | {"player_recap": "Mine"}))
    assert "changed in another tab" in page
    assert "Silence." in page


def test_a_highlight_is_removed_and_the_transcript_stays(gm: Client, session: Session) -> None:
    highlight = session.highlights.create(quote="Silence.", turn=3)
    other = make_session(session.owner).highlights.create(quote="Theirs", turn=1)
    base = f"/sessions/{session.pk}/highlights"
    assert gm.post(f"{base}/{other.pk}/delete/").status_code == 404
    answer = gm.post(f"{base}/{highlight.pk}/delete/")
    assert answer["Location"] == f"{session.get_absolute_url()}#highlights"
    assert Highlight.objects.get() == other
    session.refresh_from_db()
    assert session.transcript_text == LOG


LISTS = [
    "/sessions/{session}/?page=2",
    "/campaigns/{campaign}/",
    "/campaigns/{campaign}/highlights/?page=2",
]
SAID_IN_LIST = r'<section[^>]* id="highlights"[^>]*>\s*<h[12].*?</h[12]>\s*<div role="status">.*?{}'


@pytest.mark.parametrize("page", LISTS)
@pytest.mark.parametrize(
    ("button", "said"),
    [("recap", "Added to the end of the recap."), ("delete", "Highlight removed.")],
)
def test_a_button_of_a_highlight_leads_back_to_the_list_and_what_it_did_is_said_there(
    gm: Client, session: Session, page: str, button: str, said: str
) -> None:
    session.transcript_text = ""  # and so there is nothing but the message in the end
    session.save()
    highlight = session.highlights.create(quote="Silence.", turn=3)
    path = page.format(session=session.pk, campaign=session.campaign_id)
    shown = text_of(gm.get(path))
    assert f'<input type="hidden" name="next" value="{path}">' in shown
    key = f"/sessions/{session.pk}/highlights/{highlight.pk}"
    answer = gm.post(f"{key}/{button}/", {"next": path})
    assert answer["Location"] == f"{path}#highlights"
    back = text_of(gm.get(path))
    assert re.search(SAID_IN_LIST.format(said), back, re.DOTALL)
    assert back.count(said) == 1


@pytest.mark.parametrize(
    "invalid", ["https://example.org/", "//example.org/", "x\x00", "", "javascript:1"]
)
def test_a_button_of_a_highlight_leads_to_no_other_site(
    gm: Client, session: Session, invalid: str
) -> None:
    highlight = session.highlights.create(quote="Silence.", turn=3)
    path = f"/sessions/{session.pk}/highlights/{highlight.pk}/delete/"
    answer = gm.post(path, {"next": invalid})
    assert answer["Location"] == f"{session.get_absolute_url()}#highlights"


def test_the_same_words_are_highlighted_once(gm: Client, session: Session) -> None:
    for _ in range(2):
        assert gm.post(highlight_path(session, 1), {"quote": "a door"}).status_code == 302
    assert Highlight.objects.count() == 1


def test_what_was_said_is_marked_with_its_language(gm: Client, session: Session) -> None:
    session.highlights.create(quote="Silence.", turn=3)
    Campaign.objects.update(language="de")
    turn = text_of(gm.get(f"/sessions/{session.pk}/transcript/turns/2/"))
    assert turn.count('<p lang="de">') == 2  # the turns before and after it
    assert turn.count(' lang="de"') == 4  # and the fields for its words
    for path in (session.get_absolute_url(), f"/campaigns/{session.campaign_id}/"):
        assert '<blockquote lang="de">' in text_of(gm.get(path))


def test_a_long_list_has_pages(gm: Client, session: Session) -> None:
    Highlight.objects.bulk_create(
        Highlight(session=session, quote=f"Quote {number}.", turn=1) for number in range(60)
    )
    assert "Page 1 of 2" in text_of(gm.get(session.get_absolute_url()))


def test_the_page_of_a_campaign_leads_to_all_its_highlights(gm: Client, session: Session) -> None:
    make_session(session.owner).highlights.create(quote="Of no campaign", turn=1)
    Highlight.objects.bulk_create(
        Highlight(session=session, quote=f"Quote {number}.", turn=1)
        for number in range(highlights.NEWEST)
    )
    path = f"/campaigns/{session.campaign_id}/"
    assert f"{path}highlights/" not in text_of(gm.get(path))
    Highlight.objects.bulk_create(
        Highlight(session=session, quote=f"Quote {number}.", turn=1) for number in range(50)
    )
    page = text_of(gm.get(path))
    assert page.count("<blockquote>") == highlights.NEWEST
    assert f'<a href="{path}highlights/">All 60 highlights</a>' in page
    first, second = (text_of(gm.get(f"{path}highlights/?page={number}")) for number in (1, 2))
    assert (first.count("<blockquote>"), second.count("<blockquote>")) == (50, 10)
    assert "60 highlights" in first
    assert "Of no campaign" not in first + second


def test_a_campaign_without_highlights_says_how_to_make_one(gm: Client, session: Session) -> None:
    assert "Nothing yet" in text_of(gm.get(f"/campaigns/{session.campaign_id}/highlights/"))
