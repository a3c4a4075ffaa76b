"""Made-up people and money for demonstrations, trials and benchmarks."""
