"""The resources of the API, one module or package each; `routes` puts their routes together."""
