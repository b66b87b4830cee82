"""The browser sign-in: a page on the person's own machine, where the password goes past the model."""
