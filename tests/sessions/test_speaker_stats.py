"""The figures on a page come from metrics that anybody may have written."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_app.models import Session
from sessions_app.speaker_stats import talk_time


def test_talk_time_where_there_are_times() -> None:
    metrics = {
        "totalDuration": 100.5,
        "totalWordCount": 30,
        "speakerDistribution": {
            "spk_1": {"words": 20, "duration": 20.0},
            "spk_0": {"words": 10, "duration": 60.0},
        },
    }
    talk = talk_time(Session(metrics=metrics, speaker_names={"spk_0": "Matt"}))
    assert talk is not None
    assert (talk.seconds, talk.words, talk.by_time) == (100.5, 30, True)
    shares = [(share.name, share.percent, share.seconds) for share in talk.shares]
    assert shares == [("Matt", 75.0, 60.0), ("spk_1", 25.0, 20.0)]


def test_words_where_there_are_none() -> None:
    metrics = {"totalWordCount": 4, "speakerDistribution": {"A": {"words": 3}, "B": {"words": 1}}}
    talk = talk_time(Session(metrics=metrics))
    assert talk is not None
    assert not talk.by_time
    assert [share.percent for share in talk.shares] == [75.0, 25.0]


@pytest.mark.parametrize(
    "metrics",
    [
        {},
        {"speakerDistribution": []},
        {"speakerDistribution": {"A": 3}},
        {"speakerDistribution": {"A": {"words": "many", "duration": None}}},
        {"totalWordCount": "x", "totalDuration": -1},
        {"totalWordCount": 10**400, "totalDuration": 10**400},
    ],
)
def test_odd_metrics_break_nothing(metrics: dict[str, Any]) -> None:
    talk = talk_time(Session(metrics=metrics))
    assert talk is not None
    assert talk.words == 0


def test_no_metrics_no_figures() -> None:
    assert talk_time(Session()) is None
