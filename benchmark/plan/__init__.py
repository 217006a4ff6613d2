"""Which cells a request asks for, and what identifies each of them."""
