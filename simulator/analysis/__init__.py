"""What comes after runs: scores, comparisons, figures, pages.

Figures are drawn on a canvas of their own, never on a screen or in a notebook. Matplotlib refuses to be imported where
``MPLBACKEND`` names a back end that it does not know, such as a notebook's that is not installed here; so it is
imported without that name, which is given back to it where it takes it.
"""

import os
import sys

if os.environ.get("MPLBACKEND") and "matplotlib" not in sys.modules:
    _backend = os.environ.pop("MPLBACKEND")
    try:
        import matplotlib
    finally:
        os.environ["MPLBACKEND"] = _backend
    try:
        matplotlib.rcParams["backend"] = _backend
    except ValueError:
        pass  # nothing is drawn with it here
