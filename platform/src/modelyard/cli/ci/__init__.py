"""`modelyard ci`: one module for each verb; __init__ of a verb imports nothing heavy."""
