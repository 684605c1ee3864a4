"""Which of the things that were given act in a run, told before it is made: nothing may silently do nothing."""
