"""Why records are one person, or are not, in words and as documents."""
