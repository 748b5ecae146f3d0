"""WebVTT and SRT: files are divided into cues, and cues into what each speaker said."""

from sessions_app.transcripts.subtitles.reading import is_webvtt, read_srt, read_webvtt

__all__ = ["is_webvtt", "read_srt", "read_webvtt"]
