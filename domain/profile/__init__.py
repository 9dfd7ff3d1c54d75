"""What a signed-in customer sees and changes."""
