"""What hosts list beside tools: resources, their completion, and prompts."""
