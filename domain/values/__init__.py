"""Values as people type them, kept in one form. Nothing of the project is imported here."""
