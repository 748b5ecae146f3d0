"""WebVTT and SRT: the lines are checked here, then webvtt-py reads the cues."""

from sessions_app.transcripts.subtitles.cues import is_webvtt, read_srt, read_webvtt

__all__ = ["is_webvtt", "read_srt", "read_webvtt"]
