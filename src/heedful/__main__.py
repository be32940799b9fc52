"""`python -m heedful` and the `heedful` command."""

from heedful.face.cli import main

if __name__ == "__main__":
    main()
