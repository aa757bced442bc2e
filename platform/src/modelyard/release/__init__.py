"""Release: a registered version becomes a bundle, passes the API test suite in rehearsal, and takes the traffic."""
