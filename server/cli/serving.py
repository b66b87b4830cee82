"""What a served process is started with: settings, log and sandbox. ``commands.py`` has the commands."""

import gc
import logging
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from .wording import greeting, listed

if TYPE_CHECKING:
    from ..sandbox.config import SandboxConfig
    from ..stdio.front import Front

logger = logging.getLogger(__name__)


def serve_stdio(*, sandbox: bool, options: dict[str, Any], front: "Front | None") -> NoReturn:
    gc.disable()  # the SDK's imports make many objects that live as long as the process; stdio.serve enables it again
    from ..logs.redaction import KnownSecrets, flush, install  # noqa: PLC0415 -- see ``commands.py``
    from ..settings.settings import UnusableSettings, load_settings, unknown_variables  # noqa: PLC0415 -- as above

    if any(options.values()) and not sandbox:
        raise click.UsageError("The sandbox's options need --sandbox.")
    try:
        settings = load_settings(sandbox=sandbox)
    except UnusableSettings as error:
        if front:
            front.ending.acquire()
        click.echo("\n  ".join(["rememberizer-mcp can't start:", *error.problems]), err=True)
        sys.exit(2)
    secrets = KnownSecrets()
    install(level=settings.log_level, secrets=secrets, stream=sys.stderr)
    for name in unknown_variables(os.environ):
        logger.warning("%s is no setting of this version and is ignored", name)
    if front:
        flush()
        front.usable.set()
    config = sandbox_config(options) if sandbox else None
    if os.isatty(0):
        click.echo(greeting(), err=True)

    from ..app import build_server  # noqa: PLC0415 -- the SDK is loaded only when the settings can be used
    from ..stdio.serving import serve  # noqa: PLC0415 -- as above

    serve(build_server(settings, sandbox=config, secrets=secrets), front=front)


def sandbox_config(options: dict[str, Any]) -> "SandboxConfig":
    from ..sandbox.config import SandboxConfig, Variants  # noqa: PLC0415 -- see ``commands.py``
    from ..sandbox.data.database import check_file  # noqa: PLC0415 -- as above

    given = {name: value for name, value in options.items() if name != "variants" and value is not None}
    try:
        config = SandboxConfig(variants=Variants.parse(options["variants"]), **given)
        check_file(config.data)
    except ValueError as error:
        subject, are, names = str(error).partition(" are: ")
        raise click.UsageError(listed(f"{subject} are:", names) if are else subject) from error
    return config
