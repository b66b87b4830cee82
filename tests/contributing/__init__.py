"""What CONTRIBUTING.md and the pre-commit configuration tell people to do, done."""
