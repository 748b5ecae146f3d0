"""The forms for logging in, signing up, passwords, the e-mail address, and deleting an account."""

from functools import partial
from typing import Any

from django import forms
from django.contrib.auth.forms import (
    AuthenticationForm,
    BaseUserCreationForm,
    PasswordChangeForm,
    PasswordResetForm,
    SetPasswordForm,
    UserCreationForm,
)
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from config.accounts import limits, mail
from config.accounts.limits import refuse_too_many
from config.accounts.models import Attempts
from config.accounts.passwords import RULES

MAX_ACCOUNTS = 5  # accounts of one e-mail address that get a link at once
MAX_EMAIL_LENGTH = 254
MISMATCH = "The two passwords differ."
NOT_YOURS = "This is not your password."


class LoginForm(AuthenticationForm):
    """Makes a visitor wait after several failed attempts, longer each time."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "No account has this username and password. Both are case-sensitive.",
    }

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if username is None or self.request is None:
            return super().clean()
        counted = limits.of_log_in(self.request, username)
        refuse_too_many(counted)
        cleaned = super().clean()
        Attempts.objects.succeed(counted)
        return cleaned


class ResetForm(PasswordResetForm):
    """Sends links to one mailbox at growing intervals, so that nobody can flood it.

    Requests are counted whether or not such an account exists, so waiting does not reveal that. A
    user who must wait because somebody else asked already has a link in the mailbox.
    """

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        refuse_too_many(limits.of_mail(self.request, email))
        return email

    def get_users(self, email: str) -> list[User]:
        """Return the oldest accounts of the address: several may have it."""
        return sorted(super().get_users(email), key=lambda user: user.pk)[:MAX_ACCOUNTS]

    def save(self, *args: Any, **options: Any) -> None:
        """Look for the accounts and send the links later, whether or not there are any."""
        mail.later(partial(super().save, *args, **options))


class SignUpForm(UserCreationForm):  # type: ignore[type-arg] # no class to subscript at run time
    """A name, a password, and optionally an e-mail address, which is not saved: see ``views``."""

    email = forms.EmailField(
        required=False,
        max_length=MAX_EMAIL_LENGTH,
        help_text="Optional, to reset a forgotten password. You’ll get an email to confirm it.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ("username", "email", "password1", "password2")
    error_messages = {"password_mismatch": MISMATCH}

    class Meta(BaseUserCreationForm.Meta):
        model = User
        fields = ("username",)
        error_messages = {"username": {"unique": "This username is taken. Choose another."}}

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["username"].help_text = "Letters, digits and @ . + - _"
        self.fields["password1"].help_text = " ".join(RULES)
        self.fields["password2"].help_text = ""

    def clean_username(self) -> str:
        refuse_too_many(limits.of_sign_up(self.request))  # before it says whose name is taken
        username: str = super().clean_username()
        return username

    def validate_password_for_user(self, user: User, *_args: Any) -> None:
        """Say what is wrong with the password at its own field, not at the one that repeats it."""
        super().validate_password_for_user(user, "password1")  # type: ignore[misc] # not in the stubs


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg] # as above
    """Sets a password without the old one."""

    error_messages = {"password_mismatch": MISMATCH}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = " ".join(RULES)
        self.fields["new_password2"].help_text = ""

    def validate_password_for_user(self, user: User, *_args: Any) -> None:
        """Say what is wrong with the password at its own field, not at the one that repeats it."""
        super().validate_password_for_user(user, "new_password1")


class ChangePasswordForm(NewPasswordForm, PasswordChangeForm):
    """Sets a password. Guesses at the old one are slowed."""

    error_messages = {"password_mismatch": MISMATCH, "password_incorrect": NOT_YOURS}

    def clean_old_password(self) -> str:
        counted = limits.of_password(self.user)
        refuse_too_many(counted)
        old_password: str = super().clean_old_password()
        Attempts.objects.succeed(counted)
        return old_password


class ConfirmForm(forms.Form):
    """Asks for the password of the user who is logged in. Guesses are slowed."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        counted = limits.of_password(self.user)
        refuse_too_many(counted)
        if not self.user.check_password(password):
            raise ValidationError(NOT_YOURS, code="password")
        Attempts.objects.succeed(counted)
        return password


class EmailForm(ConfirmForm):
    """Another e-mail address for the account, or none."""

    email = forms.EmailField(
        label="Email",
        required=False,
        max_length=MAX_EMAIL_LENGTH,
        help_text="You’ll get an email there, to confirm it. Leave it empty to have none.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ("email", "password")

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and cleaned["email"]:
            refuse_too_many(limits.of_mail(self.request, cleaned["email"]))
        return cleaned
