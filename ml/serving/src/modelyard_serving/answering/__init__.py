"""One request at a time: which model it means, whether it is in order, what the answer is."""
