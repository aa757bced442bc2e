"""The command line: thin, and the only room that talks to a terminal."""
