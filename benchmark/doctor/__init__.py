"""What is missing on this machine, and what to type."""
