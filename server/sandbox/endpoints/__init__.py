"""The API, one module per family of endpoints. Each has `routes(services)`, with paths below `/api/v1`."""
