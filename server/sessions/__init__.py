"""Sessions: which sign-in is held for whom, how it is renewed, and when it ends."""
