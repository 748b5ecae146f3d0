"""What all pages know of accounts."""

from django.conf import settings
from django.http import HttpRequest


def accounts(request: HttpRequest) -> dict[str, bool]:
    """Tell templates whether to show a link to the sign-up."""
    return {"signup_open": settings.SIGNUP_OPEN}
