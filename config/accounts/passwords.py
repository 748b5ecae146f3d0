"""The rules for passwords. Whoever breaks one is told so in the words of the rule."""

from django.contrib.auth import password_validation


class InOneWording:
    """Mix in before a validator: its help and its error are the same sentence."""

    rule: str

    def get_error_message(self) -> str:
        return self.rule

    def get_help_text(self) -> str:
        return self.rule


class Length(InOneWording, password_validation.MinimumLengthValidator):
    """Eight characters: Django's default."""

    rule = "Use at least 8 characters."


class Digits(InOneWording, password_validation.NumericPasswordValidator):
    """Something beside digits."""

    rule = "Don’t use only digits."


class Common(InOneWording, password_validation.CommonPasswordValidator):
    """None of the twenty thousand that guesses begin with."""

    rule = "Don’t use a common password."


class Name(InOneWording, password_validation.UserAttributeSimilarityValidator):
    """Nothing like what is known of the user."""

    rule = "Don’t use your name or email address."


RULES = tuple(validator.rule for validator in (Length, Digits, Common, Name))
