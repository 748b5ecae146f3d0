"""What all answers have in common, whichever view gave them."""

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control
from django.utils.deprecation import MiddlewareMixin


class Answers(MiddlewareMixin):
    """Keeps private pages out of caches, and gives a wrong method a page like other errors."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if isinstance(response, HttpResponseNotAllowed):
            response.content = render_to_string("405.html", request=request).encode()
        # Not no-store: with it, Back would bring back a form without what was typed.
        if request.session.accessed and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        return response
