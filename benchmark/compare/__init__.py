"""What moved between two stores, by a paired test."""
