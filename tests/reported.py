"""The promises that reported faults showed to be broken: one for each row of the report, named by area.

The source of a promise names its rows, such as A4, in the report of faults that were found on commit 6badf00. A letter
stands for an area: A accounts, B what stands between us and the service, C what hosts and models send, D settings and
the machine, E files of hosts, F the page and the texts, G answers that no person gave.
"""

from tests.promise import Promise


def _reported(text: str, row: str) -> Promise:
    return Promise(text, f"reported faults, {row}")


REPORTED: dict[str, Promise] = {
    # A. One call, one account.
    "page:account:meant": _reported("A page that was opened for an account says so, masked, and takes no other.", "A5"),
    "page:account:another": _reported(
        "Another account is taken after a step of its own, where a person says so.", "A4"
    ),
    "page:peer:user": _reported("A page refuses other users of the machine.", "A, (5)"),
    "sessions:call:one-account": _reported(
        "All requests of one call are made by the sign-in that it began with.", "A1"
    ),
    "sessions:consent:one-account": _reported(
        "A yes to a deletion counts for the account that was asked for it.", "A3"
    ),
    "sign-in:page:no-silent-write": _reported(
        "A tool that writes and had to bring a person to the page does not go on by itself; one that reads goes on as "
        "the account that is meant.",
        "A4",
    ),
    "tools:writing:names-the-account": _reported("Every result of a tool that writes names the account.", "A4"),
    "sign-in:status:names-another-account": _reported(
        "A sign-in that ended as another account than was meant says so first.", "A5"
    ),
    "keyring:last:not-replaced-unasked": _reported(
        "The account that a restart signs in by is replaced only by one that was meant.", "A6"
    ),
    # B. What stands between us and the service.
    "upstream:answers:table": _reported("Each answer to each call means what the table in docs/errors.md says.", "B"),
    "upstream:answers:not-the-api-s": _reported(
        "A refusal that can't be the API's own, such as a proxy's, ends no session and blames no key.", "B2, B4"
    ),
    "upstream:deleted-cookie:renewed": _reported(
        "A 401 that deletes the access cookie leads to one refresh and one repeat.", "B1"
    ),
    "upstream:page:session-kept": _reported("A page in place of the API's refusal costs no session.", "B2"),
    "upstream:refresh:once-a-call": _reported("A refresh whose answer was lost is not sent twice in one call.", "B"),
    "upstream:refresh:nothing-stored": _reported(
        "A write whose own request was refused or never sent doesn't say that it may have been done.", "B"
    ),
    "upstream:page:own-advice": _reported(
        "A sign-in that a challenge page stopped names the way through a browser.", "B3"
    ),
    "upstream:page:key-kept": _reported("A page in place of the API's refusal doesn't blame the API key.", "B4"),
    "sign-in:no-password:second-way": _reported("A refused password names the way for accounts that have none.", "B5"),
    "upstream:refused-field:argument": _reported("A refused field is named as the tool's argument.", "B6"),
    "cookies:quotes:taken-off": _reported("A token in a quoted cookie is used without the quotes.", "B7"),
    "cookies:refresh:at-sign-out": _reported("The refresh cookie goes to the sign-out whatever its path.", "B8"),
    "cookies:clock:from-arrival": _reported("A token's life is counted from its arrival.", "B9"),
    "upstream:kept-connection:first-byte": _reported(
        "A silent kept connection doesn't cost a repeatable call its whole time.", "B10"
    ),
    "upstream:kept-connection:slow": _reported(
        "A read that Rememberizer answers slowly is not cut short because its connection was kept.", "B10"
    ),
    "settings:token-file:read-again": _reported("A file with a refresh token is read again at each sign-in.", "B11"),
    "cookies:jar:bounded": _reported("A sign-in holds at most 50 cookies of 4 KB.", "B12"),
    "page:refusal:other-way": _reported("A refused sign-in names a browser's session as the other way.", "B3, B5"),
    # C. What hosts and models really send.
    "arguments:names:added-by-hosts": _reported("Arguments that hosts add of themselves are left out.", "C1"),
    "arguments:empty:not-given": _reported("An empty text that can't be meant counts as not given.", "C2"),
    "arguments:list:as-text": _reported("A list may come as its JSON text, and a refusal names the form.", "C3"),
    "lines:unreadable:answered": _reported("A line that holds an id is answered, whatever else it holds.", "C4"),
    "lines:no-request:answered": _reported("What is no request is answered as JSON-RPC says.", "C5"),
    "entries:pasted:trimmed": _reported("What is pasted around an e-mail address or a code is dropped.", "C6"),
    "names:unknown:refused": _reported("A name that this server doesn't have is refused with our code.", "C7"),
    "arguments:word:as-meant": _reported("A listed word counts however it is spelt, and a refusal lists them.", "C8"),
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
    "install:strictness:host-can-read": _reported(
        "Nothing is written into a file that its host can't read as it is, and the doctor warns of one.", "E1"
    ),
    "install:entry:left-out": _reported("install and doctor say why a host leaves our entry out.", "E2"),
    "install:command:no-strangers-code": _reported(
        "What we start, or have a host start, runs nothing from the folder where it is started.", "E3"
    ),
    "install:command:same-origin": _reported(
        "An entry that a runner starts installs the package from where this one came, or none is written.", "E4"
    ),
    "install:file:never-wider": _reported("A host's file is never open to more people than before.", "E5"),
    "doctor:quoting:by-form": _reported("What looks like a secret in a program's words is redacted.", "E6"),
    "install:diff:names": _reported("Of a name that somebody wrote, no value that stands in it is shown.", "E7"),
    "install:reading:bounded": _reported(
        "A host's file that unfolds, nests or counts without measure is refused in a sentence, at once.", "E8"
    ),
    "uninstall:copies:gone": _reported(
        "Where uninstall gives a file back to the byte, no copy of it stays beside it.", "E9"
    ),
    "install:entry:yes-is-for-ours": _reported("--yes overwrites entries of our making only.", "E10"),
    # F. The page and the texts.
    "texts:hidden:gone": _reported("Nothing that nobody sees can carry a sentence to the model.", "F3"),
    "texts:address:web-only": _reported("Only addresses of the web are passed on as such.", "F4"),
    "answers:numbers:bounded": _reported("No number in an answer holds up the process.", "F8"),
    "texts:question:no-address": _reported("No form of address, and no quote, survives in a question.", "F5"),
    "answers:deletion:once": _reported("A client's yes deletes once, however often it is sent.", "F6"),
    "page:port:flood": _reported(
        "Idle connections to a port of ours cost no tool its descriptors and fill no log.", "F1"
    ),
    "page:end:said": _reported("For some minutes after its end a page says what happened and how to go on.", "F2"),
    "page:address:advice": _reported("A page that is asked under another address says what to do.", "F7"),
    # G. Answers that no person gave.
    "answers:link:id": _reported("A link carries the id that hosts want, in every revision.", "G1"),
    "answers:sign-in:unread": _reported(
        "An answer that nobody can have read is not the person's: they get the link, and the browser.", "G2"
    ),
    "answers:deletion:unread": _reported(
        "Where a host answers by itself nothing is deleted, until the model has asked the user.", "G2"
    ),
    "answers:deletion:accept": _reported("Accepting the question as it is shown is a yes.", "G3"),
    "answers:message:ends": _reported("Our question ends its sentence, and quotes what is not a sentence.", "G4"),
}
