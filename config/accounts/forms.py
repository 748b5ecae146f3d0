"""The forms for logging in, signing up, and asking for a new password."""

import math
from typing import Any

from django import forms
from django.contrib.auth.forms import (
    AuthenticationForm,
    BaseUserCreationForm,
    PasswordResetForm,
    UserCreationForm,
)
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from config.accounts.devices import attempts_key, mail_key
from config.accounts.models import LoginAttempts

MINUTE = 60
MAX_ACCOUNTS = 5  # accounts of one e-mail address that get a link at once


class LoginForm(AuthenticationForm):
    """Makes a visitor wait after several failed attempts, longer each time."""

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if username is None or self.request is None:
            return super().clean()
        key = attempts_key(self.request, username)
        seconds = LoginAttempts.objects.admit(key)
        if seconds:
            raise ValidationError(
                f"Too many attempts. Please wait {in_words(seconds)} and try again, "
                "or reset your password.",
                code="wait",
            )
        cleaned = super().clean()
        LoginAttempts.objects.forget(key)
        return cleaned


class ResetForm(PasswordResetForm):
    """Sends links to one mailbox at growing intervals, so that nobody can flood it.

    Requests are counted whether or not such an account exists, so waiting does not reveal that. A
    user who must wait because somebody else asked already has a link in the mailbox.
    """

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        seconds = LoginAttempts.objects.admit(mail_key(email))
        if seconds:
            raise ValidationError(
                f"A link was requested many times: check your mail. "
                f"Please wait {in_words(seconds)} before you ask for another one.",
                code="wait",
            )
        return email

    def get_users(self, email: str) -> list[User]:
        """Return the oldest accounts of the address: anybody can sign up with any address."""
        return sorted(super().get_users(email), key=lambda user: user.pk)[:MAX_ACCOUNTS]


class SignUpForm(UserCreationForm):  # type: ignore[type-arg] # no class to subscript at run time
    """A name, a password, and optionally an e-mail address to reset the password."""

    email = forms.EmailField(
        required=False,
        help_text="Optional. Only used to send you a link if you forget your password.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    class Meta(BaseUserCreationForm.Meta):
        model = User
        fields = ("username", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = "Letters, digits and @ . + - _"
        self.fields["password1"].help_text = "At least 8 characters, and not a common word."
        self.fields["password2"].help_text = ""


def in_words(seconds: int) -> str:
    """Return a waiting time as text, rounded up to minutes from one minute on."""
    if seconds < MINUTE:
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    minutes = math.ceil(seconds / MINUTE)
    return f"{minutes} minute{'s' if minutes > 1 else ''}"
