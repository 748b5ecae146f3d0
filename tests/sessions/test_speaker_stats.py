from __future__ import annotations

from typing import Any

import pytest

from sessions_app.models import Session
from sessions_app.speaker_stats import speaker_stats


def test_shares_are_of_talk_time_if_there_are_times() -> None:
    metrics = {
        "totalDuration": 100.5,
        "totalWordCount": 30,
        "speakerDistribution": {
            "spk_1": {"words": 20, "duration": 20.0},
            "spk_0": {"words": 10, "duration": 60.0},
        },
    }
    stats = speaker_stats(Session(metrics=metrics, speaker_names={"spk_0": "Matt"}))
    assert stats is not None
    assert (stats.seconds, stats.words, stats.by_time) == (100.5, 30, True)
    shares = [(share.name, share.percent, share.seconds) for share in stats.shares]
    assert shares == [("Matt", 75.0, 60.0), ("spk_1", 25.0, 20.0)]


def test_shares_are_of_words_if_there_are_no_times() -> None:
    metrics = {"totalWordCount": 4, "speakerDistribution": {"A": {"words": 3}, "B": {"words": 1}}}
    stats = speaker_stats(Session(metrics=metrics))
    assert stats is not None
    assert not stats.by_time
    assert [share.percent for share in stats.shares] == [75.0, 25.0]


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
def test_metrics_of_another_form_give_no_figures_and_no_error(metrics: dict[str, Any]) -> None:
    stats = speaker_stats(Session(metrics=metrics))
    assert stats is not None
    assert stats.words == 0


def test_a_session_without_metrics_has_no_stats() -> None:
    assert speaker_stats(Session()) is None
