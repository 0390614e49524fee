"""The referee: what the guidelines say, worked out a second time by brute force, sharing no code with the product."""
