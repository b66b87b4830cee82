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
    # E. Files of hosts, install and doctor.
    # F. The page and the texts.
    # G. Answers that no person gave.
}
