"""Statement and payment files of many kinds, read into one shape."""
