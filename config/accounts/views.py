"""The pages for accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.accounts.devices import remember_device
from config.accounts.forms import LoginForm, ResetForm, SignUpForm
from config.web.forms import posted


class Login(views.LoginView):
    """Log in. The admin's log-in redirects here, so guesses are throttled for both."""

    template_name = "accounts/login.html"
    authentication_form = LoginForm

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        remember_device(response, form.get_user().get_username())
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
    form = SignUpForm(posted(request))
    if form.is_valid():
        user = form.save()
        login(request, user)
        messages.success(request, f"Welcome, {user.get_username()}. Start with a campaign.")
        response = redirect("dashboard")
        remember_device(response, user.get_username())
        return response
    return render(request, "accounts/signup.html", {"form": form})


class ChangePassword(views.PasswordChangeView):
    """Change the password, which logs out all other browsers."""

    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("dashboard")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, "Your password is changed.")
        return super().form_valid(form)


class ResetPassword(views.PasswordResetView):
    """Ask for a link by mail. The answer does not reveal whether such an account exists."""

    template_name = "accounts/password_reset.html"
    form_class = ResetForm
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.info(
            self.request, "If an account has this address, a link is on its way: check your mail."
        )
        return super().form_valid(form)


@method_decorator(never_cache, name="dispatch")
class ChooseNewPassword(views.PasswordResetConfirmView):
    """Choose a new password: the page that the link in the mail opens."""

    template_name = "accounts/password_new.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: SetPasswordForm[Any]) -> HttpResponse:
        messages.success(self.request, "Your new password is set. Log in with it.")
        response = super().form_valid(form)
        # Only the owner can read the mail, and must not wait because of what others tried.
        remember_device(response, form.user.get_username())
        return response
