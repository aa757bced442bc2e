"""Is everything there that an environment in Azure needs, before anything is provisioned?"""
