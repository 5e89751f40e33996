"""A stand-in for a Frappe site with Site Edge: the same contract and rules over SQLite, and every fault on demand."""
