"""`python -m eligibility`: the same as the command `eligibility`."""

from eligibility.cli import main

if __name__ == "__main__":
    main(prog_name="eligibility")
