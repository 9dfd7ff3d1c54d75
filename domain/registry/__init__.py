"""The company's registry files: read, checked and imported."""
