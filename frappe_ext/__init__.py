"""Site Edge: the Frappe side of the edge gateways."""

__version__ = "0.1.0"
