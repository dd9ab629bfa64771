"""The stores, behind one port."""
