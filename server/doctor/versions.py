"""Python and the packages that are installed, against what is declared."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from .report import Finding

DISTRIBUTION = "rememberizer-mcp"
NOT_BELOW = {"mcp": ("2.2", "2.2.0 closed a hole through which one session could reach another's (CVE-2026-59951).")}
"""Versions that must not be used, whatever is declared, and why."""
SHOWN = 4
_INSTALL_AGAIN = "Install rememberizer-mcp again in an environment of its own, such as `uvx rememberizer-mcp` makes."


class Declared(NamedTuple):
    """What the installed distribution says that it needs."""

    python: str
    packages: Sequence[str]


def declared(distribution: str = DISTRIBUTION) -> Declared | None:
    """From the metadata of a distribution, if it is installed as one."""
    try:
        found = metadata.metadata(distribution)
    except metadata.PackageNotFoundError:
        return None
    python = next(iter(found.get_all("Requires-Python", [])), "")
    return Declared(python=python, packages=found.get_all("Requires-Dist", []))


def installed(package: str) -> str | None:
    """The version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def versions(
    needs: Declared | None,
    *,
    python: str = sys.version.split()[0],
    version_of: Callable[[str], str | None] = installed,
) -> list[Finding]:
    """Whether this Python and these packages are those that were declared.

    Args:
        needs: What was declared.
        python: This Python's version.
        version_of: The version of an installed package, or None.
    """
    if needs is None:
        step = "Install it: `pip install rememberizer-mcp`, or `pip install -e .` in a checkout."
        return [Finding.warning("packages", "This code runs without being installed, so nothing is declared.", step)]
    return [_python(needs, python), *_packages(needs, version_of)]


def _python(needs: Declared, version: str) -> Finding:
    where = f"Python {version} at {sys.executable}"
    if SpecifierSet(needs.python, prereleases=True).contains(version.rstrip("+")):
        return Finding.ok("python", f"{where}.")
    return Finding.failure(
        "python",
        f"{where} is not among those that are supported ({needs.python}).",
        f"Use a Python {needs.python}; `uvx --python 3.13 rememberizer-mcp` fetches one.",
    )


def _packages(needs: Declared, version_of: Callable[[str], str | None]) -> list[Finding]:
    wanted = [need for need in map(Requirement, needs.packages) if need.marker is None or need.marker.evaluate()]
    found = {need.name: version_of(need.name) for need in wanted}
    wrong = [finding for need in wanted if (finding := _mismatch(need, found[need.name]))]
    return wrong or [Finding.ok("packages", f"{_listed(found)}, all as declared.")]


def _mismatch(need: Requirement, version: str | None) -> Finding | None:
    if version is None:
        return Finding.failure("packages", f"{need.name} is not installed.", _INSTALL_AGAIN)
    below, why = NOT_BELOW.get(need.name, ("0", ""))
    if version not in SpecifierSet(f">={below}", prereleases=True):
        return Finding.failure("packages", f"{need.name} {version} must not be used: {why}", _INSTALL_AGAIN)
    if not need.specifier.contains(version, prereleases=True):
        said = f"{need.name} {version} is not a version that this release was made for ({need.specifier})."
        return Finding.warning("packages", said, _INSTALL_AGAIN)
    return None


def _listed(found: Mapping[str, str | None]) -> str:
    """The first few, which decide most."""
    shown = ", ".join(f"{name} {version}" for name, version in list(found.items())[:SHOWN])
    return f"{shown} and {len(found) - SHOWN} more" if len(found) > SHOWN else shown
