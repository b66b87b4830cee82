"""Python and the packages that are installed, against what is declared."""

import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from .report import INSTALL_AGAIN, Finding

NOT_BELOW = {"mcp": ("2.2", "2.2.0 closed a hole through which one session could reach another's (CVE-2026-59951).")}
"""Versions that must not be used, whatever is declared, and why."""
SHOWN = 4


class Declared(NamedTuple):
    """What the installed distribution says that it needs."""

    python: str
    packages: Sequence[str]


def declared(distribution: str = "rememberizer-mcp") -> Declared | None:
    """From the metadata of a distribution, if it is installed as one."""
    try:
        found = metadata.metadata(distribution)
    except metadata.PackageNotFoundError:
        return None
    return Declared(python="".join(found.get_all("Requires-Python", [])), packages=found.get_all("Requires-Dist", []))


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
    """Whether this Python and these packages are those that were declared."""
    if needs is None:
        step = "Install it: `pip install rememberizer-mcp`, or `pip install -e .` in a checkout."
        return [Finding.warning("packages", "This code runs without being installed, so nothing is declared.", step)]
    requirements = [need for need in map(Requirement, needs.packages) if need.marker is None or need.marker.evaluate()]
    found = {need.name: version_of(need.name) for need in requirements}
    wrong = [finding for need in requirements if (finding := _mismatch(need, found[need.name]))]
    first = ", ".join(f"{name} {version}" for name, version in list(found.items())[:SHOWN])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return [_python(needs, python), *(wrong or [Finding.ok("packages", f"{first}{more}, all as declared.")])]


def _python(needs: Declared, version: str) -> Finding:
    place = f"Python {version} at {sys.executable}"
    if SpecifierSet(needs.python, prereleases=True).contains(version.rstrip("+")):
        return Finding.ok("python", f"{place}.")
    text = f"{place} is not among those that are supported ({needs.python})."
    step = f"Use a Python {needs.python}; `uvx --python 3.13 rememberizer-mcp` fetches one."
    return Finding.failure("python", text, step)


def _mismatch(need: Requirement, version: str | None) -> Finding | None:
    if version is None:
        return Finding.failure("packages", f"{need.name} is not installed.", INSTALL_AGAIN)
    below, why = NOT_BELOW.get(need.name, ("0", ""))
    if version not in SpecifierSet(f">={below}", prereleases=True):
        return Finding.failure("packages", f"{need.name} {version} must not be used: {why}", INSTALL_AGAIN)
    if not need.specifier.contains(version, prereleases=True):
        text = f"{need.name} {version} is not a version that this release was made for ({need.specifier})."
        return Finding.warning("packages", text, INSTALL_AGAIN)
    return None
