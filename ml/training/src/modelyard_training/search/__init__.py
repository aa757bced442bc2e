"""Looking for the best parameters: who proposes, who tries, what is kept, and what is given up early."""
