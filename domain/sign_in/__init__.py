"""Signing in, a forgotten password, and the password typed once more."""
