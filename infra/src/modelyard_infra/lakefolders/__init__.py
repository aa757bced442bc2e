"""`modelyard:azure:LakeFolder`: a folder in the data lake, which Azure's control plane cannot make."""
