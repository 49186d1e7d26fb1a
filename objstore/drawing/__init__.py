"""Graphs as text and pictures. Pure: what is drawn has been looked up by others."""
