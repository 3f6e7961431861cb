"""A session: a plan becomes a recorded run. No argparse, no print; whoever calls hears of it through an observer."""
