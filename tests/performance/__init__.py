"""Ratios to raw limits, small enough for every run of the tests.

Only processor time counts, ours and raw in turns, in a process that has done nothing else: other work of the machine
changes both sides alike. `python -m tests.performance.record` writes the recorded ratios anew.
"""
