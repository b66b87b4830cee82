"""The generated parts of README.md and docs/, and what is checked in those pages."""
