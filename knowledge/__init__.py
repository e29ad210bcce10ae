"""Documents in, passages out."""

import core  # noqa: F401  its environment settings must come before numpy's threads start
