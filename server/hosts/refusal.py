"""Why a host's file is left alone."""


class CantChange(Exception):
    """A text can't be changed safely; the message goes on from the file's name: "is not valid JSON"."""
