from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.models import Session
from sessions_app.speaker_stats import SpeakerStats, speaker_stats


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
    assert shares == [("Matt", 75, 60.0), ("spk_1", 25, 20.0)]


def test_shares_are_of_words_if_there_are_no_times() -> None:
    metrics = {"totalWordCount": 4, "speakerDistribution": {"A": {"words": 3}, "B": {"words": 1}}}
    stats = speaker_stats(Session(metrics=metrics))
    assert stats is not None
    assert not stats.by_time
    assert [share.percent for share in stats.shares] == [75, 25]


def stats_of(words: dict[str, int], names: dict[str, str] | None = None) -> SpeakerStats:
    distribution = {label: {"words": count} for label, count in words.items()}
    metrics = {"totalWordCount": sum(words.values()), "speakerDistribution": distribution}
    stats = speaker_stats(Session(metrics=metrics, speaker_names=names))
    assert stats
    return stats


def words_by_name(stats: SpeakerStats) -> dict[str, int]:
    return {share.name: share.words for share in stats.shares}


@pytest.mark.parametrize(
    "joint",
    ["LAURA & ASHLEY", "LAURA and ASHLEY", "LAURA AND ASHLEY", "LAURA, ASHLEY", "LAURA + ASHLEY"],
)
def test_what_several_say_together_counts_for_each(joint: str) -> None:
    stats = stats_of({"LAURA": 30, joint: 10, "MATT": 50})
    assert words_by_name(stats) == {"MATT": 50, "LAURA": 40, "ASHLEY": 10}
    assert [share.percent for share in stats.shares] == [50, 40, 10]
    assert stats.words == 90


def test_the_names_that_people_gave_hold_for_joint_labels() -> None:
    stats = stats_of(
        {"LAURA": 3, "MATT and LAURA": 1, "spk_0": 2}, {"LAURA": "L", "spk_0": "L & M"}
    )
    assert words_by_name(stats) == {"L": 6, "M": 2, "MATT": 1}


def test_a_name_with_and_in_it_is_one_speaker() -> None:
    assert words_by_name(stats_of({"Lady of Sand and Fog": 3, "Dr. Moss, Elder": 1})) == {
        "Lady of Sand and Fog": 3,
        "Dr. Moss, Elder": 1,
    }


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=40))
def test_percentages_add_up_to_100(words: list[int]) -> None:
    stats = stats_of({f"spk_{number}": count for number, count in enumerate(words)})
    assert sum(share.percent for share in stats.shares) == 100
    for share in stats.shares:
        assert abs(share.percent - 100 * share.words / sum(words)) < 1


def test_of_many_voices_nine_are_shown_and_the_others_on_demand() -> None:
    stats = stats_of({f"spk_{number}": 100 - number for number in range(36)})
    context = {"stats": stats, "colours": {}}
    page = render_to_string("sessions_app/speaker_stats.html", context)
    shown, _, others = page.partition("<details")
    assert shown.count('<th scope="row">') == 9
    assert "spk_8<" in shown
    assert "and 27 more</summary>" in others
    assert others.count('<th scope="row">') == 27
    few = stats_of({f"spk_{number}": 9 for number in range(9)})
    context["stats"] = few
    assert "<details" not in render_to_string("sessions_app/speaker_stats.html", context)


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
