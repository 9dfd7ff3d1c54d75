"""The pages of the company's own people, below /staff."""
