"""Amazon Transcribe: its JSON output, read into segments, and subtitles kept in the same form."""

from sessions_app.transcripts.transcribe.document import as_document, read, segments

__all__ = ["as_document", "read", "segments"]
