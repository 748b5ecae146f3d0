"""Middleware for all views."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control
from django.utils.deprecation import MiddlewareMixin


class FinishResponse(MiddlewareMixin):
    """Keeps private pages out of caches, and gives a 405 answer a page."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if isinstance(response, HttpResponseNotAllowed):
            response.content = render_to_string("405.html", request=request).encode()
        # Not no-store: with it, Back would show a form without what was typed into it.
        if request.session.accessed and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        return response


class LoginRequired(LoginRequiredMiddleware):
    """Django's middleware, with a message for users who were logged out while they typed."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        if request.method == "POST":
            messages.warning(
                request,
                "You had been logged out, so nothing was saved. Log in, then press Back in "
                "your browser until you see what you typed, and send it again.",
            )
        return super().handle_no_permission(request, view_func)
