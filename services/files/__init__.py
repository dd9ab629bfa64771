"""Files of rows: told apart, unpacked, decoded, and read line by line."""
