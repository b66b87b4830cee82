"""What the server lists, as files: a change shows up in a diff."""
