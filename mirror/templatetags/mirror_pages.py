"""Filters for the templates of the pages for staff."""

from django import template

from mirror.models.check_runs import percent

register = template.Library()
register.filter("percent", percent)
