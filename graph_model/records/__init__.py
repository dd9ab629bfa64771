"""The rows of the sources, what stewards say about them, and the work owed for them."""
