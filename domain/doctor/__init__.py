"""What an operator should know before customers do: every part that the portal stands on, looked at once."""
