"""Logging in, signing up, and asking for a new password."""

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
MAX_ACCOUNTS = 5  # of one e-mail address that get a link at once


class LoginForm(AuthenticationForm):
    """Asks who guesses a password too often to wait, longer each time."""

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if username is None or self.request is None:
            return super().clean()
        key = attempts_key(self.request, username)
        seconds = LoginAttempts.objects.admit(key)
        if seconds:
            raise ValidationError(
                f"That were many attempts. Please wait {spell(seconds)} and try again, "
                "or reset your password.",
                code="wait",
            )
        cleaned = super().clean()
        LoginAttempts.objects.forget(key)
        return cleaned


class ResetForm(PasswordResetForm):
    """Fills nobody's mailbox: links go out longer apart each time.

    It counts whether or not there is such an account, so waiting tells nothing about that. And
    who waits because somebody else asked has that one's link in the mail.
    """

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        seconds = LoginAttempts.objects.admit(mail_key(email))
        if seconds:
            raise ValidationError(
                f"A link was asked for many times: look at your mail. "
                f"Please wait {spell(seconds)} before you ask for another one.",
                code="wait",
            )
        return email

    def get_users(self, email: str) -> list[User]:
        """Return the oldest accounts of the address: signing up with one does not prove it."""
        return sorted(super().get_users(email), key=lambda user: user.pk)[:MAX_ACCOUNTS]


class SignUpForm(UserCreationForm):  # type: ignore[type-arg] # no class to subscript at run time
    """A name and a password; the address is only for a lost password."""

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


def spell(seconds: int) -> str:
    """Return a waiting time in words."""
    if seconds < MINUTE:
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    minutes = -(-seconds // MINUTE)
    return f"{minutes} minute{'s' if minutes > 1 else ''}"
