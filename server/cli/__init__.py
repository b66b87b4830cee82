"""The command line: its commands, and what each of them says on the terminal."""
