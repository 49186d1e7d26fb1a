"""`python -m objstore` is `objstore`."""

from objstore.cli.main import main

if __name__ == "__main__":
    main()
