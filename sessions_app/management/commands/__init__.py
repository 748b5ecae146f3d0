"""``demo_data`` and ``import_transcripts``."""
