"""`python -m kabinet`."""

from kabinet import main

main()
