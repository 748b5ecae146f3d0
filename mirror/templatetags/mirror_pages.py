"""What the mirror's templates need."""

from django import template

from mirror.staff.chart import percent

register = template.Library()
register.filter("percent", percent)
