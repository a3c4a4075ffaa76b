"""What a person reads and keys: money, dates, safe text. Standard library and wcwidth only."""
