"""What the terminal costs: bytes, wake-ups, lag and latency, beside the limit, the plain framework and peers."""
