"""Messages: what each one is, the outbox they wait in, and how they are sent."""
