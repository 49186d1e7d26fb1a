"""One module for each format whose content can be compared."""
