"""How customers prove who they are: by a code, a bill or a link in an e-mail; and the picture code against robots."""
