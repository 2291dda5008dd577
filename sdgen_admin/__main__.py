"""`python -m sdgen_admin`, and the entry of the command `sdgen-admin`."""

from sdgen_admin.cli.app import main

if __name__ == "__main__":
    main()
