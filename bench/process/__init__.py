"""Fresh processes: their servers, the words that cross to them, and the lock. A contract between revisions."""
