"""`python -m scoring.cli`: the same as the command `scoring`."""

from scoring.cli import main

raise SystemExit(main())
