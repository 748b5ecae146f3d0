"""The tags of WebVTT and of SRT."""

import re

# Other angle brackets belong to the words.
TAG = re.compile(r"</?(?:c|i|b|u|s|v|ruby|rt|lang|font)(?:[.\s][^<>]*)?>|<[\d:.]+>", re.IGNORECASE)
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]*)>")
SRT_POSITION = re.compile(r"\{\\[^{}]*\}")  # {\an8}: at the top


def without_tags(text: str) -> str:
    """Remove the tags, and spaces that are not between two words."""
    return " ".join((TAG.sub("", text) if ">" in text else text).split())
