"""The promises that reported faults showed to be broken: one for each row of the report, named by area."""

from tests.promise import Promise


def _reported(text: str, row: str) -> Promise:
    return Promise(text, f"reported faults, {row}")


REPORTED: dict[str, Promise] = {
    # A. One call, one account.
    # B. What stands between us and the service.
    # C. What hosts and models really send.
    # D. Settings and the machine.
    # E. Files of hosts, install and doctor.
    # F. The page and the texts.
    # G. Answers that no person gave.
}
