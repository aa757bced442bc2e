"""The forms in which clients ask and are answered: Open Inference Protocol, MLflow's formats, documentation."""
