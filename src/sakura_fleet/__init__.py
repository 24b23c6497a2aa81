"""sakura-fleet: infrastructure as code for HTTP/3 web fleets on SAKURA Cloud."""
