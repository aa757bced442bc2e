"""Images: a signed bundle becomes a thin layer on a shared runtime, with a list of what is in it and where it is from.

locked (wheels) → runtimes (the folder of the shared image) → thin (the folder of one model's image) → builder → sbom,
provenance, record. Everything but the builder is a pure function of the lock, the checkout and the bundle.
"""
