"""Athletes of the Australian Institute of Sport: blood and body."""
