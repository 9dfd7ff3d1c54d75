"""Commands that app.py adds to the `litestar` command line."""
