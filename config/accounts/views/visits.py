"""The pages to sign up, log in and log out."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.accounts import email_links, limits
from config.accounts.devices import remember_device
from config.accounts.forms import LoginForm, SignUpForm
from config.accounts.models import Attempts
from config.web.forms import posted


class Login(views.LoginView):
    """Log in. The admin's log-in redirects here, so guesses are throttled for both."""

    template_name = "accounts/login.html"
    authentication_form = LoginForm

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        remember_device(response, form.get_user())
        return response


@method_decorator(login_not_required, name="dispatch")  # another tab may have logged out already
class Logout(views.LogoutView):
    """Log out. Afterwards, Back shows none of the pages that were open before."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache"'
        return response


@login_not_required
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Create an account and log in with it."""
    if request.user.is_authenticated:
        return redirect("dashboard")
    if not settings.SIGNUP_OPEN:
        return render(request, "accounts/signup_closed.html", status=403)
    form = SignUpForm(posted(request), request=request)
    if form.is_valid():
        user = form.save()
        login(request, user)
        messages.success(request, f"Welcome, {user.get_username()}. Start with a campaign.")
        if email := form.cleaned_data["email"]:
            _ask_to_confirm(request, user, email)
        response = redirect("dashboard")
        remember_device(response, user)
        return response
    return render(request, "accounts/signup.html", {"form": form})


def _ask_to_confirm(request: HttpRequest, user: User, email: str) -> None:
    """Send a link, unless the mailbox got many: then the account begins without an address."""
    if Attempts.objects.admit(limits.of_mail(request, email)):
        messages.warning(request, "Your email address was not saved. Add it to your account later.")
        return
    email_links.send_link(request, user, email)
    messages.info(
        request, f"An email is on its way to {email}. Open its link to confirm the address."
    )
