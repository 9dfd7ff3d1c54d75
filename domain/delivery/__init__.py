"""Messages: what they say of themselves, the outbox they wait in, and how they are sent."""
