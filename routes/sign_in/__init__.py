"""Sign-in: two tabs where both tracks are on."""
