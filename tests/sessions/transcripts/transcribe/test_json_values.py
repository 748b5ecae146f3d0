from sessions_app.transcripts.transcribe import read_segments
from tests.support.transcribe_files import audio_segment, job


def test_a_time_may_be_a_number_and_is_rounded_to_milliseconds() -> None:
    output = job(audio_segments=[audio_segment("Hm.", 0.009999999776482582, "1.2345")])
    assert read_segments(output, "")[0][2:] == (0.01, 1.234)
