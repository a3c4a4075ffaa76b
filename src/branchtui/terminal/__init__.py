"""What knows the terminal and Textual, and nothing of banking."""
