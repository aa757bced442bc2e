"""Modelyard's platform: it knows how; pipelines know what and when; models know themselves."""

__version__ = "0.1.0"
