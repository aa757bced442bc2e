"""Engines: the same lake, computed in this process or on Spark."""
