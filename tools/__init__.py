"""What an agent can call, one module per toolset."""
