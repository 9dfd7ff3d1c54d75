"""Registration: by account, by card, and the request of a customer who was not found."""
