"""Why a prediction is what it is: what each feature contributed."""
