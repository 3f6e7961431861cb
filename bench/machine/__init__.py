"""Facts of the machine and of the libraries on it."""
