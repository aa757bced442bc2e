"""Rules over what is about to exist, and the Pulumi policy pack that enforces them.

A rule is a plain function over a graph of resources and the environment's settings. It runs over the drawn blueprint
without Pulumi, and over the resources that a Pulumi program registers.
"""
