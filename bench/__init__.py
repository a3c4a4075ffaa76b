"""Benchmarks with their peers and limits; never timed tests. `make bench` runs all of them."""
