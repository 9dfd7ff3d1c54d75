"""The company's people: how they get in, what they do for customers, and the journal of both."""
