"""Modelyard's pipelines: what happens, and when. How it is done is the platform's business."""
