"""The promises that reported faults showed to be broken: one for each row of the report, named by area."""

from tests.promise import Promise


def _reported(text: str, row: str) -> Promise:
    return Promise(text, f"reported faults, {row}")


REPORTED: dict[str, Promise] = {
    # A. One call, one account.
    # B. What stands between us and the service.
    # C. What hosts and models really send.
    # D. Settings and the machine.
    "settings:proxy:only-the-one-on-the-way": _reported("Only the proxy on the way has to be usable.", "D1"),
    "settings:no-proxy:unusable-entries-left-out": _reported(
        "An entry of NO_PROXY that can't be understood is left out, and the doctor warns of it.", "D2"
    ),
    "settings:placeholder:never-sent": _reported(
        "A value that is nothing but a placeholder is refused by the setting's name, and never sent.", "D3"
    ),
    "settings:values:case-and-space": _reported(
        "The letter case of words and the white space around values don't matter.", "D4"
    ),
    "process:stdout:closed-ends": _reported("A process whose stdout takes nothing any more ends.", "D5"),
    "sandbox:runtime-folder:serves-without": _reported(
        "A runtime folder that can't be used costs the published outbox, not the sandbox.", "D6"
    ),
    "settings:offered:has-an-effect": _reported("No setting is offered that does nothing.", "D7"),
    # E. Files of hosts, install and doctor.
    # F. The page and the texts.
    # G. Answers that no person gave.
}
