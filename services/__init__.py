"""What the product does with records and profiles, over any store."""
