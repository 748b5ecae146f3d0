"""Replay of one schedule: ``python -m tests.exploration.replay 'edits | p*2 w1*6 w1:late'``."""
