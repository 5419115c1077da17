"""The Telegram front end; the only importer of the library `telegram`."""
