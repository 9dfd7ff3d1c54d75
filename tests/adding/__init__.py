"""The recipes of docs/architecture.md, "Adding things", tried in a copy of the project."""
