"""The toolset ``knowledge``: search, list, read and remember documents."""
