"""Tests of objstore.outside."""
