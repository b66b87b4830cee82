"""What a served process is started with: settings, log and sandbox. ``commands.py`` has the commands."""

import gc
import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from .wording import greeting, listed

if TYPE_CHECKING:
    from ..http.metrics import Metrics
    from ..logs.redaction import KnownSecrets
    from ..loopback import LoopbackServer
    from ..sandbox.config import SandboxConfig
    from ..settings.settings import Settings
    from ..stdio.front import Front

logger = logging.getLogger(__name__)


def serve_stdio(*, sandbox: bool, options: dict[str, Any], front: "Front | None") -> NoReturn:
    """Serve over stdio, and end the process."""
    gc.disable()  # the SDK's imports make many objects that live as long as the process; stdio.serve enables it again
    settings, secrets = _loaded(sandbox=sandbox, options=options, front=front)
    if front:
        from ..logs.redaction import flush  # noqa: PLC0415 -- see ``commands.py``

        flush()
        front.usable.set()
    config = sandbox_config(options) if sandbox else None
    if os.isatty(0):
        click.echo(greeting(), err=True)

    from ..app import build_server  # noqa: PLC0415 -- the SDK is loaded only when the settings can be used
    from ..stdio.serving import serve  # noqa: PLC0415 -- as above

    serve(build_server(settings, sandbox=config, secrets=secrets), front=front)


def serve_http(*, sandbox: bool, options: dict[str, Any], host: str, port: int, metrics_port: int | None) -> NoReturn:
    """Serve over HTTP, and end the process. Without a port of their own there are no metrics."""
    settings, secrets = _loaded(sandbox=sandbox, options=options, front=None)
    config = sandbox_config(options) if sandbox else None

    from ..app import build_server  # noqa: PLC0415 -- see ``commands.py``
    from ..http.serving import Unservable, serve  # noqa: PLC0415 -- as above
    from ..http.start import clients, refused  # noqa: PLC0415 -- as above

    if problems := refused(settings, host):
        _give_up(problems)
    try:
        metrics, beside = (None, None) if metrics_port is None else _metrics(metrics_port)
        served = clients(settings, metrics)
        server = build_server(settings, sandbox=config, secrets=secrets, clients=served)
        serve(server, host=host, port=port, clients=served, metrics=beside)
    except Unservable as error:
        _give_up([str(error)])


def _metrics(port: int) -> "tuple[Metrics, LoopbackServer]":
    """What counts, and the server at which that is read."""
    try:
        from ..http.metrics import Metrics, metrics_server  # noqa: PLC0415 -- its library is an extra
    except ModuleNotFoundError:
        _give_up(["--metrics-port: needs the library prometheus-client; install `rememberizer-mcp[hosted]`"])
    metrics = Metrics()
    return metrics, metrics_server(metrics, port=port)


def _loaded(*, sandbox: bool, options: dict[str, Any], front: "Front | None") -> "tuple[Settings, KnownSecrets]":
    """The settings, and the registry by which the log is redacted from now on; without usable ones the process ends."""
    from ..logs.redaction import KnownSecrets, install  # noqa: PLC0415 -- see ``commands.py``
    from ..settings.settings import UnusableSettings, load_settings, unknown_variables  # noqa: PLC0415 -- as above

    if any(options.values()) and not sandbox:
        raise click.UsageError("The sandbox's options need --sandbox.")
    try:
        settings = load_settings(sandbox=sandbox)
    except UnusableSettings as error:
        if front:
            front.ending.acquire()
        _give_up(error.problems)
    secrets = KnownSecrets()
    install(level=settings.log_level, secrets=secrets, stream=sys.stderr)
    for name in unknown_variables(os.environ):
        logger.warning("%s is no setting of this version and is ignored", name)
    return settings, secrets


def _give_up(problems: Sequence[str]) -> NoReturn:
    click.echo("\n  ".join(["rememberizer-mcp can't start:", *problems]), err=True)
    sys.exit(2)


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
