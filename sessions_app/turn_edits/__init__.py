"""Corrects single turns of a stored transcript: their words, their speakers, where they begin.

A plain text is rewritten in the lines of the turn and nowhere else. A transcript with times keeps
its phrases and their times, in the form of Amazon Transcribe: from the first correction on, the
single words of the job's output are gone, since they would contradict it.
"""

from sessions_app.turn_edits.edit import join_turn, replace_turn
from sessions_app.turn_edits.refusals import EditRefused

__all__ = ["EditRefused", "join_turn", "replace_turn"]
