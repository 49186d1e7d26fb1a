"""Between a folder of files and the store: scanning, taking in, writing out."""
