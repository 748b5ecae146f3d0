"""Lists of sessions and searches read their own rows from indexes, however many there are."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet

from campaigns.models import Campaign
from sessions_app.models import Session
from sessions_app.search import find_sessions, planned_for_search
from sessions_app.search_words import wanted_words
from tests.support.factories import make_campaign, make_session, make_user

OTHERS = 4000  # sessions of other owners, a third of them without a day of play
OWN = 400  # in one campaign, and as many unfiled


@pytest.fixture
def campaign(owner: User) -> Campaign:
    """A campaign among many sessions, past the triggers."""
    campaign = make_campaign(owner)
    other = make_user("other")
    make_session(owner, campaign, played_on=date(2026, 2, 2))
    make_session(other)
    copied = """
        INSERT INTO sessions_app_session
        SELECT (jsonb_populate_record(session, jsonb_build_object(
            'id', gen_random_uuid(), 'owner_id', %s::int, 'campaign_id', %s::uuid,
            'created_at', now() - number * interval '1 day',
            'played_on', CASE WHEN number %% 3 > 0 THEN current_date - number END
        ))).*
        FROM (SELECT s FROM sessions_app_session AS s LIMIT 1) AS one(session),
            generate_series(1, %s) AS numbers(number)
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for user, filed, count in (
            (other, None, OTHERS),
            (owner, campaign.pk, OWN),
            (owner, None, OWN),
        ):
            cursor.execute(copied, [user.pk, filed, count])
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE sessions_app_session")
    return campaign


def parts(sessions: QuerySet[Session]) -> list[dict[str, Any]]:
    """Carry the query out, and return all parts of its plan."""
    plan = json.loads(sessions.explain(format="json", analyze=True))[0]["Plan"]
    found = [plan]
    for part in found:  # grows meanwhile
        found += part.get("Plans", [])
    return found


@pytest.mark.parametrize("index", ["session_campaign_day", "session_owner_day"])
def test_a_page_of_a_list_reads_its_own_rows_from_an_index(campaign: Campaign, index: str) -> None:
    own = Session.objects.for_list().filter(owner=campaign.owner_id)
    sessions = campaign.sessions.for_list() if index == "session_campaign_day" else own
    plan = parts(sessions[:20])
    assert index in {part.get("Index Name") for part in plan}
    assert not any(part["Node Type"] in {"Seq Scan", "Sort"} for part in plan)
    assert max(part["Actual Rows"] for part in plan) <= 60


PAIR = 2  # words that are found in whole sessions, without a look at their passages
PASSAGES = 20  # of each session of the owner; each has the same phrase, and a word of its own


SEARCHES = {  # and how many sessions each finds
    '"the n7"': 1,
    '"in the n7"': 1,
    '"rain in"': 1 + 2 * OWN,
    '"rain in the"': 1 + 2 * OWN,
    '"rain in" "in the"': 1 + 2 * OWN,
    'listen "a door" -"the rain falls" laura': 0,
}


@pytest.mark.usefixtures("campaign")
def test_a_search_reads_no_passage_but_by_the_index_of_keys(owner: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sessions_app_searchtext (owner_id, session_id, kind, lines, text, words)"
            " SELECT owner_id, id, 'transcript', '{1}', 'Rain', 'rain in the n'"
            " || row_number() OVER () FROM sessions_app_session, generate_series(1, %s)"
            " WHERE owner_id = %s",
            [PASSAGES, owner.pk],
        )
        cursor.execute(
            "INSERT INTO sessions_app_searchtext (owner_id, session_id, kind, lines, text, words)"
            " SELECT owner_id, session_id, 'spoken', '{}', '', string_agg(words, E'\\n')"
            " FROM sessions_app_searchtext WHERE kind = 'transcript' GROUP BY 1, 2"
        )
        cursor.execute("ANALYZE sessions_app_searchtext")
    for query, found in SEARCHES.items():
        with planned_for_search():
            sessions = find_sessions(owner, wanted_words(owner, query))
            plan = parts(sessions[:10])
            assert len(sessions) == found, query
        scans = [part for part in plan if part.get("Relation Name") == "sessions_app_searchtext"]
        assert {part["Node Type"] for part in scans} == {"Bitmap Heap Scan"}, query
        keys = [part for part in plan if part.get("Index Name") == "search_text_keys"]
        assert len(keys) == len(scans) >= 2, query
        assert not any("Gather" in part["Node Type"] for part in plan), query
        sorts = [part["Plans"][0]["Actual Rows"] for part in plan if part["Node Type"] == "Sort"]
        assert max(sorts) <= found, query
        if found <= 1:
            assert max(part["Actual Rows"] for part in keys) <= 3, query
        if len(query.split()) == PAIR:
            assert max(part["Actual Rows"] for part in scans) <= found, query
