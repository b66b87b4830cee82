"""Which function makes which region: a new region is one line here, and its two markers in a page."""

from collections.abc import Callable, Mapping

from tests.docs.code_tables import errors_table, settings_table, tools_table

REGIONS: Mapping[str, Callable[[], str]] = {
    "errors": errors_table,
    "settings": settings_table,
    "tools": tools_table,
}
