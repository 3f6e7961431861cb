"""What runs inside a worker, called by name from the parent."""
