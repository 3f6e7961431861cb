"""Fresh processes: their servers, their messages and the lock. Partly a contract between revisions."""
