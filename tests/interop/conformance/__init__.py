"""A build of our server for the official conformance suite, with the tools, prompts and resources that it asks for."""
