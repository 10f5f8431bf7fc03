"""`python -m alize`. In: the arguments of a shell. Out: an exit status; the same as the command `alize`."""

from alize.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
