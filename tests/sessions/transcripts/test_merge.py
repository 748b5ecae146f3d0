from hypothesis import given
from hypothesis import strategies as st

from sessions_app.transcripts import Segment
from sessions_app.transcripts.merge import LONGEST_TURN, PAUSE, merge_segments


def test_a_turn_ends_at_a_pause_or_after_a_minute() -> None:
    segments = [Segment("a", "x", 10.0 * n, 10.0 * (n + 1)) for n in range(7)]
    assert [(turn.start, turn.end) for turn in merge_segments(segments)] == [
        (0, LONGEST_TURN),
        (60, 70),
    ]
    long_pause = Segment("a", "y", 10 + PAUSE + 0.1, 13.0)
    assert merge_segments([segments[0], long_pause]) == [segments[0], long_pause]
    short_pause = Segment("a", "y", 10 + PAUSE, 13.0)
    assert merge_segments([segments[0], short_pause]) == [Segment("a", "x y", 0, 13.0)]
    overlapping = Segment("a", "y", 2.0, 3.0)
    assert merge_segments([segments[0], overlapping]) == [Segment("a", "x y", 0, 10)]


timed = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.floats(0, 4), st.floats(0, 40)), max_size=20
)


@given(timed)
def test_merging_turns_again_changes_nothing(spans: list[tuple[str | None, float, float]]) -> None:
    segments, moment = [], 0.0
    for number, (label, pause, length) in enumerate(spans):
        start = moment + pause
        moment = start + length
        segments.append(Segment(label, f"w{number}", start, moment))
    once = merge_segments(segments)
    assert merge_segments(once) == once
    assert " ".join(turn.text for turn in once).split() == [segment.text for segment in segments]
