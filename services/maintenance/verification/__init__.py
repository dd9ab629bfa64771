"""The parts of `verify`: scan the store, compare it with the law, and look again at what differs."""
