"""Amazon Transcribe: its JSON output is read into segments; subtitles are stored in its form."""

from sessions_app.transcripts.transcribe.job_output import (
    from_segments,
    job_name,
    read,
    read_segments,
)

__all__ = ["from_segments", "job_name", "read", "read_segments"]
