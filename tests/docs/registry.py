"""Which function makes which region: a new region is one line here, and its two markers in a page."""

from collections.abc import Callable, Mapping

from tests.docs.answers_page import answers_table
from tests.docs.doctor_page import doctor_table
from tests.docs.errors_page import error_regions
from tests.docs.hosts_page import hosts_run, hosts_table, next_steps
from tests.docs.hosts_remote import hosts_remote
from tests.docs.hosts_short import hosts_short
from tests.docs.house import floors_table, variants_table
from tests.docs.links import links
from tests.docs.metrics_page import families, metrics_table
from tests.docs.performance_page import performance_regions
from tests.docs.settings_page import refused_settings, settings_by_theme
from tests.docs.tools_page import tool_regions

REGIONS: Mapping[str, Callable[[], str]] = {
    **error_regions(),
    **tool_regions(),
    **performance_regions(),
    "answers": answers_table,
    "doctor": doctor_table,
    "floors": floors_table,
    "hosts": hosts_table,
    "hosts-next": next_steps,
    "hosts-remote": hosts_remote,
    "hosts-run": hosts_run,
    "hosts-short": hosts_short,
    "links": links,
    "metrics": metrics_table,
    "metrics-families": families,
    "settings": settings_by_theme,
    "settings-refused": refused_settings,
    "variants": variants_table,
}
