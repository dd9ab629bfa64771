"""How a store comes from the form in which it was written into the present one."""
