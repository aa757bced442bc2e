"""Data gates: may this file become part of the lake? `judge.judge` answers with a report."""
