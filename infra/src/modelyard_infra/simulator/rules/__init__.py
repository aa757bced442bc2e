"""What Azure demands beyond the shape of a request: tables of rows, each with its source.

`rows` says what a row of each table means; `judging` applies them, whichever kind they are about.
"""
