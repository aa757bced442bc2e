"""The model API: serves every model that has a deployment pointer, and replaces versions without a failed request."""
