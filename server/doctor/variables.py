"""The settings as the server understands them."""

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from ..settings import settings as known
from ..settings.settings import PREFIX, SECRETS, Settings, variable
from .report import Finding

LEAST_LIKENESS = 0.7
_VARIABLE = re.compile(rf"{PREFIX}[A-Z_]+", re.IGNORECASE)


def variables() -> list[Finding]:
    """Each variable that is set, each that can't be used, and each that nothing reads; never a secret's value."""
    settings, problems = _read()
    findings = []
    for each in problems:
        step = f"Correct or remove {' or '.join(_named(each))} where the server is started."
        findings.append(Finding.failure("settings", f"{each}.", step))
    findings += map(_unknown, known.unknown_variables(os.environ))
    unusable = {name.upper() for problem in problems for name in _named(problem)}
    findings += [Finding.ok("settings", text) for text in _usable_ones(settings, unusable)]
    return findings or [Finding.ok("settings", "None is set; every default applies.")]


def usable(field: str) -> str:
    """A setting as the server understands it, or its default where it can't be used, whatever becomes of the others."""
    defaults = {name: each.default for name, each in Settings.model_fields.items()}
    others = {name: default for name, default in defaults.items() if name != field}
    try:
        return str(getattr(Settings(**others), field))
    except ValidationError:
        return str(defaults[field])


def is_unusable(field: str) -> bool:
    """Whether a setting is among those that can't be used."""
    return any(variable(field) in map(str.upper, _named(problem)) for problem in _read()[1])


def _read() -> tuple[Settings | None, tuple[str, ...]]:
    try:
        return known.load_settings(), ()
    except known.UnusableSettings as unusable_ones:
        return None, unusable_ones.problems


def _named(problem: str) -> list[str]:
    """The variables that a problem is about: the sentence goes on to others that may repair it."""
    return _VARIABLE.findall(problem.partition(":")[0])


def _unknown(name: str) -> Finding:
    names = [field.upper() for field in Settings.model_fields if field != "sandbox"]
    names += [f"{field.upper()}_FILE" for field in SECRETS]
    near = get_close_matches(name.upper().removeprefix(PREFIX), names, n=1, cutoff=LEAST_LIKENESS)
    step = f"Did you mean {PREFIX}{near[0]}?" if near else "Remove it; docs/settings.md lists those that there are."
    return Finding.warning("settings", f"{name} is no setting of this version and is ignored.", step)


def _usable_ones(settings: Settings | None, unusable: set[str]) -> Iterator[str]:
    """A sentence for each setting that is set. The path of a secret's file is no secret."""
    values = known.variables_set(os.environ)
    for field in Settings.model_fields:
        name = variable(field)
        file = values.get(f"{name}_FILE") if field in SECRETS else None
        if field == "sandbox" or not unusable.isdisjoint({name, f"{name}_FILE"}):
            continue
        if file:
            yield f"{name} is set, from the file {file}."
        elif name in values and field in SECRETS:
            yield f"{name} is set."
        elif name in values:
            yield f"{name} is `{_shown(getattr(settings, field, values[name]))}`."


def _shown(value: Any) -> str:
    """As somebody would write it in the environment."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
