"""The promises, by id. S1-S44 are the security requirements; the others come from the design and the issues.

Each test that proves one carries ``@pytest.mark.promise("ID")``; ``tests/test_requirements.py`` checks both directions.
"""

from tests.promise import Promise
from tests.reported import REPORTED

HTTP = "serving MCP over HTTP is a later issue"


def _security(text: str, deferred: str | None = None) -> Promise:
    return Promise(text, "security requirements", deferred)


def _design(text: str, section: str) -> Promise:
    return Promise(text, f"design, {section}")


PROMISES: dict[str, Promise] = {
    "S1": _security("No secret is asked for by form elicitation."),
    "S2": _security("Sensitive input uses URL elicitation."),
    "S3": _security("No elicitation mode is used that the client did not declare."),
    "S4": _security("An elicitation URL carries no credentials and is not pre-authenticated."),
    "S5": _security("Plain http is refused for a base URL that is not loopback."),
    "S6": _security("Form fields hold no links."),
    "S7": _security("Decline, cancel and failure of an elicitation are told apart."),
    "S8": _security("An elicitation is bound to client and user."),
    "S9": _security("Who opens the sign-in page is who asked for it."),
    "S10": _security("Credentials from the page never reach the client."),
    "S11": _security("URL elicitation does not authenticate to this server.", HTTP),
    "S12": _security("A handle or an e-mail never opens another principal's session."),
    "S13": _security("State files are 0600 in a 0700 folder, replaced atomically, and no symlink is followed."),
    "S14": _security("InputRequiredResult only where it is allowed."),
    "S15": _security("requestState is sealed and bound."),
    "S16": _security("A requestState is used once."),
    "S17": _security("No secret in requestState."),
    "S18": _security("An abandoned sign-in is reaped."),
    "S19": _security("Possession of a handle is not authentication: another owner's is refused."),
    "S20": _security("Handles and keys have at least 128 random bits and a bounded life."),
    "S21": _security("MCP session ids do not authenticate.", HTTP),
    "S22": _security("Two principals on one connection stay apart.", HTTP),
    "S23": _security("tools/list is the same bytes before, during and after a session, for every client."),
    "S24": _security("An unknown and a foreign handle get the same answer, with the next tool."),
    "S25": _security("Logout wipes memory when upstream fails, and says which part failed."),
    "S26": _security("Inputs are validated, sign-in attempts limited, upstream's text cleaned."),
    "S27": _security("Structured content matches the output schema, failures too."),
    "S28": _security("No argument schema carries x-mcp-header."),
    "S29": _security("Tool names and schemas are well-formed, unique, and in a fixed order."),
    "S30": _security("A client without elicitation can sign in."),
    "S31": _security("stdout holds protocol lines only, and the process ends within a second of the end of input."),
    "S32": _security("Host and Origin are checked on every loopback page."),
    "S33": _security("Listeners bind 127.0.0.1."),
    "S34": _security("Protocol header mismatches are refused.", HTTP),
    "S35": _security("Cacheable results carry ttlMs and cacheScope."),
    "S36": _security("No token passes through between MCP and upstream.", HTTP),
    "S37": _security("The OAuth state is random and used once."),
    "S38": _security("URLs are opened without a shell."),
    "S39": _security("Pages are not framed, not stored, and hold no inline script."),
    "S40": _security("Cookies go to the configured host only, and no redirect is followed."),
    "S41": _security("Icons are https or data."),
    "S42": _security("mcp is at least 2.2, where CVE-2026-59951 is fixed."),
    "S43": _security("No secret is taken from argv."),
    "S44": _security("No secret in repr, tracebacks or logs."),
    "D1": _design(
        "The five calls have the documented paths, methods, fields and credentials.", "Tools; API contract §1"
    ),
    "D2": _design("Every variant of an answer that the contract lists as possible is accepted.", "Upstream"),
    "D3": _design("GET me/ after a sign-in fills name and e-mail; its failure changes nothing else.", "Tools"),
    "D4": _design("verify uses the token from the signup JSON or from the access cookie.", "Sessions; contract §1.3"),
    "D5": _design("Which cookie is the access token follows the stated rule.", "Sessions"),
    "D6": _design("Cookies are re-read after each reply; both may rotate.", "Sessions"),
    "D7": _design("A login without credentials sends a person to the sign-in page.", "Tools"),
    "D10": _design("States and moves: an illegal move has its own error and hint.", "Sessions"),
    "D11": _design("One refresh is in flight per session; fifty calls cause one request.", "Sessions"),
    "D12": _design("A refused refresh expires the session; a lost network leaves it as it was.", "Sessions"),
    "D13": _design(
        "A re-login swaps accounts only after it succeeded, and never mixes cookies.", "Tools, settled moves"
    ),
    "D14": _design(
        "A second logout, and one with a strange handle, succeeds in the same words.", "Tools, settled moves"
    ),
    "D15": _design("Idle and absolute lifetimes, the cap, eviction and the sweeper.", "Sessions"),
    "D16": _design("A refresh comes before a call when under 30 s are left, and once after a 401.", "Sessions"),
    "D17": _design("A cancelled caller stops neither the refresh nor those who wait.", "Sessions"),
    "D18": _design("An older answer never overwrites a newer one.", "Sessions"),
    "D20": _design("Each upstream answer has its code, and upstream's text is never quoted.", "Tools, table"),
    "D21": _design("Only calls that are safe to repeat are repeated, with jitter and Retry-After.", "Upstream"),
    "D22": _design("A call ends within its time budget.", "Upstream"),
    "D23": _design("JSON bodies are read up to 5 MB.", "Upstream"),
    "D24": _design("TLS is verified against the system's trust store.", "Upstream"),
    "D25": _design("A failed call has code, message, hint, retryable, retry_after_seconds and status.", "Tools"),
    "D26": _design("A rejected call echoes no argument; strings that look like JSON stay strings.", "Tools; mcp 2.3.0"),
    "D27": _design("REMEMBERIZER_SECRET_ARGUMENTS=off takes password and captcha out of the schemas.", "Tools"),
    "D28": _design("The tool list stays within its budget of bytes.", "Tools"),
    "D29": _design("A crash of ours is internal_error, and says nothing of its text.", "Tools; mcp 2.3.0"),
    "D30": _design("Unusable settings are named all at once, with exit code 2.", "Settings"),
    "D31": _design("A secret can come from a file.", "Settings"),
    "D32": _design("Logs go to stderr, one redacted line per event.", "Command line"),
    "D33": _design("Both protocol eras behave the same over stdio.", "Issue: both eras"),
    "D34": _design("initialize, server/discover and tools/list need neither network nor credentials.", "Tools"),
    "D35": _design("The process ends in time with an async, a blocked and a shielded call in flight.", "mcp 2.3.0"),
    "D36": _design("The wheel holds every module and no other top-level name.", "The house"),
    "D37": _design("mcp.json's commands start the built wheel, offline.", "Issue: agent frameworks"),
    "D38": _design("The README's snippets run and its tables are true.", "Issue: tests and figures"),
    "D39": _design("The demo walks the whole life and fails when a step does.", "Issue: two commands"),
    "D40": _design("The sandbox keeps passwords as Argon2id hashes.", "Issue: sandbox"),
    "D41": _design("Verification codes expire and attempts are limited.", "Issue: sandbox"),
    "D42": _design("Refresh tokens rotate, and reuse revokes the family.", "Issue: sandbox"),
    "D43": _design("The sandbox's logout revokes.", "Issue: sandbox"),
    "D44": _design("The sandbox checks the captcha.", "Issue: sandbox"),
    "D45": _design("The sandbox limits rates with 429 and Retry-After.", "Issue: sandbox"),
    "D46": _design("The sandbox's errors have Django REST framework's shapes.", "Issue: sandbox"),
    "D47": _design("Every variant of the contract can be switched on in the sandbox.", "Issue: sandbox"),
    "D48": _design("The sandbox's data file keeps everything.", "Issue: sandbox"),
    "D49": _design("The sandbox says that it is one.", "Issue: sandbox"),
    "D50": _design("The documented commands work against the sandbox.", "Issue: sandbox"),
    "D51": _design("The sandbox's lifetimes are settable.", "Issue: sandbox"),
    "D52": _design("Rooms import only from rooms above them, and httpx only in server/api.", "The house"),
    "D53": _design(
        "No sequence of calls leaves a state that the model does not allow, or shows a secret.", "Issue: tests"
    ),
    "D54": _design("A log that nobody reads holds up no call and no end of the process.", "Command line; Sessions"),
    "D60": _design(
        "The OAuth calls send what is documented, with PKCE, and take every answer that may come.", "API contract §2"
    ),
    "D61": _design(
        "An OAuth session renews by its own refresh token; its tokens are never cookies.", "API contract §2"
    ),
    "D62": _design(
        "The consent page says who asks, takes the person's choice, and answers the app alone.", "API contract §2"
    ),
    "D63": _design(
        "A code works once, for a minute, for its app, redirect URI and challenge; its reuse revokes.",
        "API contract §2",
    ),
    "D64": _design("A refresh token comes with offline access only, and rotates.", "API contract §2"),
    "D65": _design("A kept sign-in stands in the operating system's keyring, never in a plain file.", "Sessions"),
    "D66": _design("A keyring that is missing, locked or hung is a refusal that says what to do.", "Sessions"),
    "D67": _design(
        "A sign-in page asks for nothing beyond itself, but for the captcha that was set.", "The sign-in page"
    ),
    "D68": _design("No page renders a secret back.", "The sign-in page"),
    "D69": _design(
        "Each page works by keyboard, at 320 pixels and in both colour schemes; axe-core finds nothing.",
        "The sign-in page",
    ),
    "D70": _design("login takes the first way that applies, and says which.", "Issue: login with no arguments"),
    "D71": _design("A refused refresh token of the settings is one error that names the setting.", "Issue: login"),
    "D72": _design("A kept sign-in survives a restart, and logout removes it.", "Issue: login"),
    "D73": _design(
        "Each form of the page does its work, and wrong input stays there with a sentence.", "Issue: the page"
    ),
    "D74": _design("Five wrong attempts close the page.", "The sign-in page"),
    "D75": _design(
        "A reload or a second click sends nothing twice, and success says whose account it is.", "Issue: the page"
    ),
    "D76": _design(
        "A pending result always carries the link and the confirm code.", "Issue: how the person gets there"
    ),
    "D77": _design(
        "A page is opened in the browser once, where a person sits at a desktop.", "Issue: how the person gets there"
    ),
    "D78": _design(
        "A call waits for a person within its patience, and reports progress if asked.",
        "Issue: how the person gets there",
    ),
    "D79": _design("Two sign-ins at once share one page.", "Issue: how the person gets there"),
    "D80": _design(
        "A tool that needs an account signs in first and then answers what was asked.", "Issue: the first call counts"
    ),
    "D81": _design("Logout and the end of the process close the page at once.", "Issue: bound to who asked"),
    "D82": _design("Nothing of the browser sign-in is imported at start.", "Issue: tests and figures"),
    "D99": _design(
        "A deletion asks the user where the host can, and wants confirm: true where it can't.", "Issue: tools"
    ),
    "D100": _design("No upload leaves the folders that the user allowed.", "Issue: tools"),
    "D101": _design(
        "Upload limits are checked before a byte is sent; files are streamed, with progress.", "Issue: tools"
    ),
    "D102": _design("Mementos and vector stores are read from every documented shape.", "API contract §5.4-6, §8"),
    "D103": _design("The API key of a public knowledge never leaves.", "API contract §5.5"),
    "D94": _design("Credentials are a session, else a key, else a lazy sign-in, by one table.", "Issue: credentials"),
    "D95": _design(
        "Results have one shape on every upstream variation, are cleaned, fenced and within 75,000 bytes.",
        "Issue: results",
    ),
    "D96": _design("Read-only and toolsets filter strictly.", "Issue: tools"),
    "D97": _design("Each weakness of the official servers is absent.", "API contract §10"),
    "D104": _design("Resources: two templates and the session; the list is constant.", "Issue: resources and prompts"),
    "D105": _design("Completion finds documents, and asks nobody to sign in.", "Issue: resources and prompts"),
    "D106": _design("Prompts lead to tools that are there.", "Issue: resources and prompts"),
    "D98": _design("Clients that are not ours make the whole journey, in both eras.", "Issue: interoperability"),
    "D83": _design("The sandbox lists, reads and remembers documents in each documented shape.", "Issue: sandbox"),
    "D84": _design("The chunks of a document joined are its text, character for character.", "Issue: sandbox"),
    "D85": _design("The sandbox finds words of any script, and takes no query for syntax.", "Issue: sandbox"),
    "D86": _design("Paging ends and is complete and in order, also while documents are added.", "Issue: sandbox"),
    "D87": _design("Documents are read by cookie, bearer token or API key, each its own account's.", "API contract §3"),
    "D88": _design("A grant or a key for a memento sees the documents of that memento only.", "API contract §2, §3"),
    "D89": _design(
        "The seed corpus is there at the first request for documents, and costs nothing before.", "Issue: sandbox"
    ),
    "D90": _design("The sandbox keeps mementos, and one limits what is read through it.", "API contract §5.4"),
    "D91": _design("The sandbox's vector stores answer as documented, each to its own key.", "API contract §6"),
    "D92": _design("Files are uploaded within their limits, and memory does not grow with them.", "API contract §6.7"),
    "D93": _design("A person finds every API key on the outbox page.", "API contract §3"),
    "D107": _design(
        "On the sandbox, what is stored is found and read to its end unchanged.", "Issue: tests and figures"
    ),
    "D108": _design("install and uninstall change our entry in a host's file and nothing else.", "Issue: install"),
    "D109": _design("No secret is written into a host's file or shown from one.", "Issue: install"),
    "D110": _design("What stands there of ours is overwritten only if it is wanted.", "Issue: install"),
    "D111": _design(
        "A host is given an absolute command that lasts; mcp.json is the source of the rest.", "Issue: install"
    ),
    "D112": _design("Each host's file is found on macOS, Windows and Linux.", "Issue: install"),
    "D113": _design(
        "A host's file is replaced at once beside a backup, and a broken one is left alone.", "Issue: install"
    ),
    "D114": _design("From an empty home, what install wrote starts and answers.", "Issue: tests and figures"),
    "D120": _design(
        "A bundle's field that nobody filled in is as if it were not set, and nothing in it is required.",
        "Issue: MCPB bundle",
    ),
    "D121": _design(
        "The bundle is valid by the official tool, the same bytes each time, and starts by its own command.",
        "Issue: MCPB bundle",
    ),
    "D122": _design("server.json is valid, generated, and has the one version.", "Issue: server.json"),
    "D123": _design("The one-click links are mcp.json's blocks.", "Issue: one-click links"),
    "D124": _design(
        "Each command's help fits 80 columns and says what everything is; shells complete it.", "Issue: completion"
    ),
    "D125": _design("Error texts name the exact setting.", "Issue: completion and --help"),
    "D126": _design(
        "The five steps of CONTRIBUTING.md make a tool that works; releases are checked before they are made.",
        "Issue: the project's habits",
    ),
    "D127": _design("What the pages repeat of the code is generated and up to date.", "Issue: README as a front page"),
    "D128": _design(
        "Every page is one click from the README, every link leads somewhere, every command and snippet works.",
        "Issue: README as a front page",
    ),
    "D129": _design(
        "The README's picture is made by a script, from a real terminal and a real page, and is up to date.",
        "Issue: README as a front page",
    ),
    "D115": _design("The doctor says how settings, versions, keyring and browser are understood.", "Issue: doctor"),
    "D116": _design("It says how far the network lets a request come, and what stops it.", "Issue: doctor"),
    "D117": _design("It shows no secret, sends none, signs in nobody and writes nothing.", "Issue: doctor"),
    "D118": _design(
        "It starts our command, and those in hosts' files, as a host does, and says why one fails.", "Issue: doctor"
    ),
    "D119": _design(
        "It ends within half a minute whatever hangs or crashes; its exit code is 1 if something failed.",
        "Issue: doctor",
    ),
    "D132": _design(
        "What hosts ask at their start is answered while the SDK still loads, in both eras.", "Issue: the front"
    ),
    "D133": _design(
        "The front's answers are the SDK's bytes, in each protocol version and for each combination of settings.",
        "Issue: the front",
    ),
    "D134": _design(
        "What the front doesn't know to the letter goes to the SDK, unread and in order, and no host notices.",
        "Issue: the front",
    ),
    "D135": _design("The front steps aside where its answers are not certain.", "Issue: the front"),
    "D136": _design(
        "While the SDK loads, a signal ends the process within a second, and so does the end of the input as long as "
        "the front holds it; a request that waits for the SDK is answered first.",
        "Issue: the front",
    ),
    "D137": _design("The front is one room of 200 lines that loads the standard library only.", "Issue: the front"),
    "repository:files:ours-only": _design(
        "Git tracks the files that the layout names, and no link, no package of others and no large file.",
        "Issue: a bare machine",
    ),
    "repository:make:python-named": _design(
        "A Python that is too old, missing or without venv is told in one sentence before anything is downloaded.",
        "Issue: a bare machine",
    ),
    "cli:terminal:spoken-to": _design(
        "Started on a terminal, the server says what it waits for and which commands help; in a pipe nothing.",
        "Issue: a bare machine",
    ),
    **REPORTED,
}
