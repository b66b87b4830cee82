"""Our entry in the files of hosts: written there, found there and taken out again.

From the ground up: ``system`` (what a machine is), ``block`` (the command that a host starts), ``table`` (the hosts and
where their files are), ``files`` (with the copies beside them), ``json_text``, ``toml_text`` and ``yaml_text`` (in a
text an entry comes or goes, and nothing else), ``document`` (a file, parsed once, and the proof that nothing else
changes), ``left_out`` (why a host does not start our entry) and ``install``.
"""
