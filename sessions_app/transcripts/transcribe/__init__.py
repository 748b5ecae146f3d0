"""Amazon Transcribe: its JSON output is read into segments; subtitles are stored in its form."""

from sessions_app.transcripts.transcribe.job_output import as_job_output, read, read_segments

__all__ = ["as_job_output", "read", "read_segments"]
