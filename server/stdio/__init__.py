"""The stdio transport: the front that answers while the SDK loads, and serving until the end of the input."""
