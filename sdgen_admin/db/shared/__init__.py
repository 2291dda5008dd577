"""Tables that other programs have a share in: metadata, which all of them write, and mirrors of this tool's facts."""
