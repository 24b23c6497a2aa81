"""Pure values and the rules they must keep. No input or output happens here."""
