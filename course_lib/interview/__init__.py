"""The interview: asked, answered, read, remembered. Everything is made from the cards of the topics."""
