"""Alizé: an open, self-hosted AI house. In: a name or path of a model. Out: something to talk to."""
