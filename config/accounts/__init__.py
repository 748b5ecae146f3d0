"""Accounts: signing up, logging in, changing and resetting a password, and throttling of guesses.

Other apps use it through its URLs only; nothing imports it.
"""
