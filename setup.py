"""The packages are found here, since pyproject.toml can't put the name of the distribution before what it finds."""

from setuptools import find_packages, setup

setup(packages=["rememberizer_mcp." + name for name in find_packages(include=["server*", "tools*"])])
