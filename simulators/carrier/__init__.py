"""A telephone carrier on loopback: it dials, streams audio as Twilio does and tapes it."""
