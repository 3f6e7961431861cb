"""The command line's flags."""
