"""The parts of `services.verify`: scan the store, compare it with the law, and look again at what differs."""
