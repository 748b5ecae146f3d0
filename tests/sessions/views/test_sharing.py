from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session
from tests.support.pages import changed_fields, messages_of, text_of


@pytest.fixture
def session(owner: User) -> Session:
    owner.username = "PRIVATE"
    owner.save()
    campaign = make_campaign(owner, "The Lamps", description="PRIVATE")
    return make_session(
        owner,
        campaign,
        "The ninth lamp",
        description="PRIVATE",
        notes="PRIVATE",
        summary="PRIVATE",
        player_recap="You **lit** it. [more](https://example.org/)",
        transcript_text="PRIVATE: PRIVATE",
        metrics={"totalWordCount": 4242},
        speaker_names={"a": "PRIVATE"},
    )


def token(session: Session) -> str:
    session.refresh_from_db()
    assert session.share_token is not None
    return session.share_token


def test_players_see_names_date_and_recap_and_nothing_else(gm: Client, session: Session) -> None:
    gm.post(f"/sessions/{session.pk}/share/")
    answer = Client().get(f"/share/{token(session)}/")
    page = text_of(answer)
    for expected in (
        "The Lamps",
        "The ninth lamp",
        f"{session.created_at:%B %Y}",
        "<strong>lit</strong>",
    ):
        assert expected in page
    for private in (
        "PRIVATE",
        "4242",
        "4,242",
        str(session.pk),
        str(session.campaign_id),
    ):
        assert private not in page


def test_a_shared_recap_is_kept_out_of_search_engines_and_caches(
    gm: Client, session: Session
) -> None:
    gm.post(f"/sessions/{session.pk}/share/")
    answer = Client().get(f"/share/{token(session)}/")
    assert "noindex" in answer["X-Robots-Tag"]
    assert 'name="robots" content="noindex' in text_of(answer)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert 'rel="nofollow noopener noreferrer"' in text_of(answer)


def test_a_link_is_replaced_by_the_button_for_it_alone(gm: Client, session: Session) -> None:
    path = f"/sessions/{session.pk}/share/"
    gm.post(path)
    old = token(session)
    assert len(old) * 6 >= 128
    gm.post(path)  # from a tab that was opened before the session was shared
    assert token(session) == old
    assert f'name="replacing" value="{old}"' in text_of(gm.get(f"/sessions/{session.pk}/"))
    gm.post(path, {"replacing": old})
    new = token(session)
    assert new != old
    answer = gm.post(path, {"replacing": old})  # again, from a tab that shows the old link
    assert messages_of(answer)[-1] == "It is already shared. This is the link."
    assert token(session) == new
    assert Client().get(f"/share/{old}/").status_code == 404
    assert Client().get(f"/share/{token(session)}/").status_code == 200


def test_a_revoked_link_is_not_found(gm: Client, session: Session) -> None:
    gm.post(f"/sessions/{session.pk}/share/")
    old = token(session)
    gm.post(f"/sessions/{session.pk}/unshare/")
    assert Client().get(f"/share/{old}/").status_code == 404
    session.refresh_from_db()
    assert session.share_token is None


def test_sharing_changes_only_the_token_and_the_time_of_update(
    gm: Client, session: Session
) -> None:
    before = Session.objects.values().get()
    gm.post(f"/sessions/{session.pk}/share/")
    after = Session.objects.values().get()
    assert changed_fields(before, after) == {"share_token", "updated_at"}


@pytest.mark.parametrize("invalid", ["None", "null", "-", "%00", "a%00b", "x" * 5000, "%ed%a0%80"])
@pytest.mark.django_db
def test_an_invalid_link_is_not_found(client: Client, invalid: str) -> None:
    assert client.get(f"/share/{invalid}/").status_code == 404


def test_the_owner_is_shown_the_full_url_to_copy(gm: Client, session: Session) -> None:
    gm.post(f"/sessions/{session.pk}/share/")
    page = text_of(gm.get(f"/sessions/{session.pk}/"))
    assert re.search(rf'value="http://testserver/share/{token(session)}/"', page)


def test_what_a_button_did_is_said_beside_it(gm: Client, session: Session) -> None:
    answer = gm.post(f"/sessions/{session.pk}/share/", follow=True)
    assert answer.redirect_chain[-1][0].endswith("#share")
    share = text_of(answer).partition('id="share"')[2]
    assert "anyone with the link can read the recap" in share.partition("</section>")[0]
    assert text_of(answer).count("can read the recap") == 1
