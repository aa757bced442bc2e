"""Two models on the same rows: how large is their difference, and how sure can one be of it?"""
