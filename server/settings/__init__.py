"""Everything that can be configured, from ``REMEMBERIZER_*`` variables."""
