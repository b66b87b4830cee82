"""The browser sign-in: a page where the password goes past the model."""
