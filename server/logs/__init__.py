"""What may be logged, and how a line is written without holding up anybody."""
