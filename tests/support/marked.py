"""Processes that are known by an argument which no other process has."""

import os

import psutil

LONGEST_SECONDS = 5.0
"""A killed process is still listed until the system has had time for it."""


def mark(number: int) -> str:
    """A number of seconds for ``sleep`` that no other run of the tests uses."""
    return f"31.{number}{os.getpid()}"


def is_left(marked: str) -> bool:
    """Whether a process with this argument stays although its end was asked for."""
    psutil.wait_procs(_with(marked), timeout=LONGEST_SECONDS)
    return bool(_with(marked))


def _with(marked: str) -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if marked in (each.info["cmdline"] or [])]
