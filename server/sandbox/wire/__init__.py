"""How the sandbox speaks HTTP: fields, shapes of answers, pages and uploads."""
