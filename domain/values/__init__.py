"""Reads values as people type them into one form. Nothing of the project is imported here."""
