"""Generators whose scores are known beforehand: the oracle, copiers and simple statistical models."""
