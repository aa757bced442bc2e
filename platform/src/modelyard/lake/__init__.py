"""The lake: layers, tables, their versions, the batches that were offered, and who may write."""
