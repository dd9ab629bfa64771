"""What single values are: how they are read, normalised, compared and written."""
