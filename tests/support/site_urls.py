"""Every URL of the site: who may use it, and with which methods.

``tests/web/test_access.py`` fails if a URL is missing here.
"""

from __future__ import annotations

from sessions_app.models import Session

TOKEN = "shared-token-of-the-test"
HIGHLIGHT = "00000000-0000-4000-8000-000000000001"  # the key of a highlight of the session
READ = {"get", "head"}
FORM = {"get", "head", "post"}

# Route -> the methods that it allows.
OWNER_ONLY = {
    "campaigns/<uuid:pk>/": READ,
    "campaigns/<uuid:pk>/edit/": FORM,
    "campaigns/<uuid:pk>/delete/": FORM,
    "campaigns/<uuid:pk>/export/": READ,
    "campaigns/<uuid:pk>/highlights/": READ,
    "campaigns/<uuid:pk>/share/": {"post"},
    "campaigns/<uuid:pk>/unshare/": {"post"},
    "sessions/<uuid:pk>/": READ,
    "sessions/<uuid:pk>/export/": READ,
    "sessions/<uuid:pk>/edit/": FORM,
    "sessions/<uuid:pk>/delete/": FORM,
    "sessions/<uuid:pk>/share/": {"post"},
    "sessions/<uuid:pk>/unshare/": {"post"},
    "sessions/<uuid:pk>/transcript/": READ,
    "sessions/<uuid:pk>/transcript/edit/": FORM,
    "sessions/<uuid:pk>/transcript/delete/": FORM,
    "sessions/<uuid:pk>/transcript/speakers/": FORM,
    "sessions/<uuid:pk>/transcript/turns/<int:number>/": FORM,
    "sessions/<uuid:pk>/transcript/turns/<int:number>/highlight/": {"post"},
    "sessions/<uuid:pk>/highlights/<uuid:key>/recap/": {"post"},
    "sessions/<uuid:pk>/highlights/<uuid:key>/delete/": {"post"},
}
ANY_USER = {
    "": READ,
    "campaigns/new/": FORM,
    "sessions/new/": FORM,
    "sessions/import/": FORM,
    "sessions/import/dates/": FORM,
    "export/": READ,
    "search/": READ,
    "accounts/": READ,
    "accounts/email/": FORM,
    "accounts/password/": FORM,
    "accounts/delete/": FORM,
}
PUBLIC = {
    "share/<slug:token>/": READ,
    "share/campaign/<slug:token>/": READ,
    "share/campaign/<slug:token>/<uuid:pk>/": READ,
    "accounts/login/": FORM,
    "accounts/logout/": {"post", "options"},
    "accounts/signup/": FORM,
    "accounts/email/<str:token>/": FORM,
    "accounts/password/reset/": FORM,
    "accounts/password/reset/<uidb64>/<token>/": FORM,
    "admin/login/": READ,
}
ALLOWED = OWNER_ONLY | ANY_USER | PUBLIC
# For staff with rights. Route -> an example.
STAFF = {
    "admin/mirror/": "/admin/mirror/",
    "admin/mirror/retry/": "/admin/mirror/retry/",
    "admin/mirror/days/<str:text>/": "/admin/mirror/days/2026-01-01/",
    "admin/mirror/check/": "/admin/mirror/check/",
    "admin/mirror/check/<int:number>/": "/admin/mirror/check/1/",
    "admin/mirror/history.csv": "/admin/mirror/history.csv",
    "admin/mirror/evidence/": "/admin/mirror/evidence/",
    "admin/mirror/runbook/": "/admin/mirror/runbook/",
    "admin/mirror/search/": "/admin/mirror/search/?q=Private",
    "admin/mirror/compare/<str:label>/<mirror_row:object_id>/now/": "/admin/mirror/compare/{}/now/",
    "admin/mirror/compare/<str:label>/<mirror_row:object_id>/": "/admin/mirror/compare/{}/",
}


def url_of(route: str, session: Session) -> str:
    """Return an example URL of a route, with the session's own keys."""
    key = session.campaign_id if route.startswith("campaigns") else session.pk
    if route == "sessions/<uuid:pk>/export/":
        route += "?as=md"
    values = {
        "<uuid:pk>": str(key),
        "<uuid:key>": HIGHLIGHT,
        "<int:number>": "1",
        "<slug:token>": TOKEN,
        "<str:token>": "no-token",
        "<uidb64>/<token>": "MQ/set-password",
    }
    for name, value in values.items():
        route = route.replace(name, value)
    return f"/{route}"
