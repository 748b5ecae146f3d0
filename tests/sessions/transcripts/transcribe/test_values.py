from tests.support.transcribe_files import audio_segment, job, segments_of


def test_a_time_may_be_a_number_and_is_rounded_to_milliseconds() -> None:
    output = job(audio_segments=[audio_segment("Hm.", 0.009999999776482582, "1.2345")])
    assert segments_of(output)[0][2:4] == (0.01, 1.234)
