"""Writing our entry into the files of hosts, and finding it there.

From the ground up: ``system`` (what a machine is), ``origin`` (where this package came from), ``block`` (the command
that a host starts), ``table`` (the hosts and where their files are), ``json_text``, ``toml_text`` and ``yaml_text``
(changing a text and nothing else in it), ``entries`` (which of them, and the proof that nothing else changed),
``files``, ``strictness`` (what a host can't read), ``left_out`` (why it does not start our entry), ``kept`` (what stood
there before), ``install`` and ``configured``.
"""
