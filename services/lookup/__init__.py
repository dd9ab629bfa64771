"""Reading profiles, and why they are as they are."""
