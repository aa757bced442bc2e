"""What a model is: one folder with one declaration, from which everything else follows."""
