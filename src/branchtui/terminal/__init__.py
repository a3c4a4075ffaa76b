"""What stands between the screens and the tty; knows Textual, not banking."""
