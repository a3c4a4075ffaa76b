"""The only code that speaks HTTP: one method an endpoint, and errors by whether the write happened."""
