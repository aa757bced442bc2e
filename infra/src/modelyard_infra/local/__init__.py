"""The local renderer: folders and supervised processes on this machine, through a Pulumi provider of our own."""
