"""Filters for the templates of the pages for staff."""

from django import template

from mirror import formats
from mirror.staff import words
from mirror.verify.report import Counted, Figures
from mirror.verify.verdict import judge_run

register = template.Library()
for write in (formats.number, formats.percent, formats.day, formats.moment, formats.duration):
    register.filter(write.__name__, write)
for tell in (words.lasted, words.waiting, words.caught_up, words.nothing_found, words.tone):
    register.filter(tell.__name__, tell)
register.filter("judge_run", judge_run)


@register.filter
def total(counted: Counted) -> int:
    """Return how many rows and orphans a check compared: that of which percentages are shares."""
    return Figures.of(counted).total
