"""What holds for every page: texts are escaped, and the number of queries is constant."""

from __future__ import annotations

import re
import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session
from tests.support.pages import text_of
from tests.support.site_urls import ALLOWED, TOKEN

SCRIPT = "<script>alert(1)</script>"


def test_everything_that_people_type_is_escaped_on_every_page(gm: Client, owner: User) -> None:
    campaign = make_campaign(owner, SCRIPT, description=SCRIPT, share_token=TOKEN)
    session = make_session(
        owner,
        campaign,
        SCRIPT,
        description=SCRIPT,
        notes=SCRIPT,
        summary=f"{SCRIPT} [x](javascript:alert(1)) <img src=x onerror=alert(1)>",
        player_recap=SCRIPT,
        transcript_text=f"MATT: find {SCRIPT}",
        speaker_names={"MATT": SCRIPT},
        metrics={
            "totalWordCount": 2,
            "speakerDistribution": {"MATT": {"words": 2}, SCRIPT: {"words": 1}},
        },
        share_token=TOKEN,
    )
    session.highlights.create(quote=SCRIPT, speaker=SCRIPT, turn=1)
    base = f"/sessions/{session.pk}"
    for path in (
        "/", f"/campaigns/{campaign.pk}/", f"/campaigns/{campaign.pk}/edit/",
        f"/campaigns/{campaign.pk}/highlights/",
        f"/campaigns/{campaign.pk}/delete/", f"{base}/", f"{base}/edit/", f"{base}/delete/",
        f"{base}/transcript/", f"{base}/transcript/?find=alert", f"{base}/transcript/speakers/",
        f"{base}/transcript/turns/1/",
        f"{base}/transcript/edit/", f"{base}/transcript/delete/", f"/search/?q=alert {SCRIPT}",
        f"/share/{TOKEN}/", f"/share/campaign/{TOKEN}/", f"/share/campaign/{TOKEN}/{session.pk}/",
    ):  # fmt: skip
        page = text_of(gm.get(path))
        assert escape(SCRIPT)[:10] in page, path
        assert SCRIPT not in page, path
        assert not re.search(r"<[^>]*(onerror|javascript:)", page), path


def test_every_page_tells_the_day_of_play_from_the_day_when_a_session_was_added(
    gm: Client, owner: User, campaign: Campaign, session: Session
) -> None:
    make_session(owner, name="Unfiled lamp")
    for path, count in {
        "/": 2, f"/campaigns/{campaign.pk}/": 1, f"/sessions/{session.pk}/": 1,
        f"/sessions/{session.pk}/transcript/": 1, "/search/?q=lamp": 2, f"/share/{TOKEN}/": 1,
        f"/share/campaign/{TOKEN}/": 1, f"/share/campaign/{TOKEN}/{session.pk}/": 1,
    }.items():  # fmt: skip
        page = text_of(gm.get(path))
        assert len(re.findall(r"<time [^>]*>Added [\w, ]+ 20\d\d</time>", page)) == count, path
    Session.objects.update(played_on="2026-03-01")
    assert "Added" not in text_of(gm.get("/"))


# Every page of the site. The pages for staff have tests of their own.
QUERIES = {
    "/": 7,
    "/campaigns/new/": 2,
    "/campaigns/{campaign}/": 7,
    "/campaigns/{campaign}/highlights/": 5,
    "/campaigns/{campaign}/edit/": 3,
    "/campaigns/{campaign}/delete/": 3,
    "/campaigns/{campaign}/export/": 3,
    "/export/": 2,
    "/sessions/new/": 3,
    "/sessions/import/": 3,
    "/sessions/import/dates/": 2,
    "/sessions/{session}/": 6,
    "/sessions/{session}/edit/": 4,
    "/sessions/{session}/delete/": 3,
    "/sessions/{session}/export/?as=md": 3,
    "/sessions/{session}/transcript/": 6,
    "/sessions/{session}/transcript/turns/1/": 4,
    "/sessions/{session}/transcript/?find=lamp": 4,
    "/sessions/{session}/transcript/edit/": 4,
    "/sessions/{session}/transcript/delete/": 3,
    "/sessions/{session}/transcript/speakers/": 6,
    "/sessions/{session}/transcript/?q=lamp": 7,
    "/search/?q=lamp": 8,
    "/share/{token}/": 3,
    "/share/campaign/{token}/": 5,
    "/share/campaign/{token}/{session}/": 5,
    "/accounts/": 2,
    "/accounts/email/": 2,
    "/accounts/email/no-token/": 4,
    "/accounts/delete/": 5,
    "/accounts/password/": 2,
    "/accounts/login/": 2,
    "/accounts/signup/": 2,
    "/accounts/password/reset/": 2,
    "/accounts/password/reset/{user}/set-password/": 3,
    "/admin/login/": 2,
}


def path_of(pattern: str, campaign: uuid.UUID, session: uuid.UUID) -> str:
    return pattern.format(campaign=campaign, session=session, token=TOKEN, user="MQ")


def test_every_page_has_an_expected_number_of_queries() -> None:
    pages = {route for route, methods in ALLOWED.items() if "get" in methods}
    paths = [path_of(pattern, uuid.uuid4(), uuid.uuid4()) for pattern in QUERIES]
    assert {resolve(path.partition("?")[0]).route for path in paths} == pages


@pytest.mark.parametrize("pattern", QUERIES)
@pytest.mark.parametrize("count", [1, 12])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    gm: Client,
    owner: User,
    campaign: Campaign,
    session: Session,
    pattern: str,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        make_session(owner, make_campaign(owner, f"C{number}"), f"lamp {number}")
        make_session(owner, campaign, f"lamp {number}")
        make_session(owner, name=f"lamp {number}")
        session.highlights.create(quote="a door", turn=1)
    with django_assert_num_queries(QUERIES[pattern]):
        answer = gm.get(path_of(pattern, campaign.pk, session.pk))
        answer.close()  # a download has an open file
