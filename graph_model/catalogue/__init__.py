"""The catalogue: what a file of it may say, and the rules that follow."""
