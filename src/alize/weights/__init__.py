"""A model's weights. In: a name, a folder or a file. Out: the right files on this disk, and their tensors by one set of names."""
