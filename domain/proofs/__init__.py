"""What a customer proves who they are by: a code, a bill, a picture code, a link in an e-mail."""
