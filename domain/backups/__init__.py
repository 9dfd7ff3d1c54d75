"""A database as a file and back again, or as another database: whole, and compared row by row."""
