"""The pages to change a password, and to reset one that is forgotten."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from config.accounts.devices import remember_device
from config.accounts.forms import ChangePasswordForm, NewPasswordForm, ResetForm


class ChangePassword(views.PasswordChangeView):
    """Change the password, which logs out all other browsers."""

    template_name = "accounts/password_change.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("account")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, "Password changed.")
        response = super().form_valid(form)
        remember_device(response, form.user)  # the cookie of the old password is worthless
        return response


class ResetPassword(views.PasswordResetView):
    """Ask for a link by mail. The answer does not reveal whether such an account exists."""

    template_name = "accounts/password_reset.html"
    form_class = ResetForm
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"
    success_url = reverse_lazy("login")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.info(
            self.request, "If an account has this address, a link is on its way. Check your email."
        )
        return super().form_valid(form)


@method_decorator(never_cache, name="dispatch")
class ChooseNewPassword(views.PasswordResetConfirmView):
    """Choose a new password: the page that the link in the mail opens."""

    template_name = "accounts/password_new.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("login")

    def form_valid(self, form: SetPasswordForm[Any]) -> HttpResponse:
        messages.success(self.request, "Password changed. Log in with the new one.")
        response = super().form_valid(form)
        # Only the owner can read the mail, and must not wait because of what others tried.
        remember_device(response, form.user)
        return response
