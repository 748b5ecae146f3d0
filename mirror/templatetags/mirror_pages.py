"""Filters for the templates of the pages for staff."""

from django import template

from mirror.staff.chart import percent

register = template.Library()
register.filter("percent", percent)
