"""Variables by which no request can be sent, and those that do no harm: none of the values may come back."""

from rememberizer_mcp.server.api.proxies import Problem

CANARY = "canary"
UNUSABLE: tuple[tuple[dict[str, str], str, Problem], ...] = (
    ({"ALL_PROXY": f"socks5://ada:{CANARY}@127.0.0.1:1080"}, "ALL_PROXY", Problem.KIND),
    ({"all_proxy": f"socks4://ada:{CANARY}@127.0.0.1:1080"}, "all_proxy", Problem.KIND),
    ({"all_proxy": f"ftp://{CANARY}@x:1"}, "all_proxy", Problem.KIND),
    ({"https_proxy": f"socks://{CANARY}@x:1", "all_proxy": "http://127.0.0.1:1"}, "https_proxy", Problem.KIND),
    ({"ALL_PROXY": f"http://[{CANARY}"}, "ALL_PROXY", Problem.FORM),
    ({"HTTPS_PROXY": f"http://ada:p#{CANARY}@127.0.0.1:8080"}, "HTTPS_PROXY", Problem.FORM),
    ({"HTTPS_PROXY": f"http://ada:p/{CANARY}@127.0.0.1:8080"}, "HTTPS_PROXY", Problem.FORM),
    ({"HTTPS_PROXY": f"http://ada:p?{CANARY}@127.0.0.1:8080"}, "HTTPS_PROXY", Problem.FORM),
    ({"https_proxy": f"{CANARY}:12345#{CANARY}@127.0.0.1:8080"}, "https_proxy", Problem.FORM),
    ({"Https_Proxy": f"http://{CANARY}:99999"}, "Https_Proxy", Problem.FORM),
    ({"HTTPS_PROXY": f"http://{CANARY}:99999999999999999999"}, "HTTPS_PROXY", Problem.FORM),
    ({"HTTPS_PROXY": f"http://{CANARY}:0"}, "HTTPS_PROXY", Problem.FORM),
    ({"HTTPS_PROXY": f"http://127.0.0.1:{CANARY}"}, "HTTPS_PROXY", Problem.FORM),
    ({"HTTPS_PROXY": f"http://ada:{CANARY}@:8080"}, "HTTPS_PROXY", Problem.FORM),
    ({"HTTPS_PROXY": f"{CANARY}://"}, "HTTPS_PROXY", Problem.FORM),
    ({"HTTPS_PROXY": f"http://{CANARY}:8080\n"}, "HTTPS_PROXY", Problem.FORM),
    ({"HTTPS_PROXY": f"http://{CANARY}\udcff:8080"}, "HTTPS_PROXY", Problem.FORM),
    ({"HTTPS_PROXY": f"http://ada:{CANARY}\udcff@127.0.0.1:8080"}, "HTTPS_PROXY", Problem.FORM),
)
"""What is set, which variable is to blame, and why."""
BESIDE: tuple[dict[str, str], ...] = (
    {"all_proxy": f"socks://ada:{CANARY}@127.0.0.1:1080/"},
    {"ALL_PROXY": f"socks5://ada:{CANARY}@127.0.0.1:1080"},
    {"All_Proxy": f"http://[{CANARY}"},
    {"http_proxy": f"http://ada:p#{CANARY}@127.0.0.1:8080"},
    {"HTTP_PROXY": f"socks4://{CANARY}@127.0.0.1:1080"},
    {"ftp_proxy": f"{CANARY}://"},
    {"NO_PROXY": "localhost,fd07:b51a:cc66:f0::/64"},
    {"no_proxy": "[::1],localhost"},
    {"no_proxy": f"{CANARY}:port,[fd00::/8]:9,*{CANARY}*"},
)
"""What may stand beside the proxy of https requests."""


def without_proxies(environ: dict[str, str]) -> dict[str, str]:
    """The same environment on a machine that knows no proxy."""
    return {name: value for name, value in environ.items() if not name.lower().endswith("_proxy")}
