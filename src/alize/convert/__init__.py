"""One release in another form. In: a checkpoint, and the form it shall have. Out: a folder or file that others read, too.

alize convert MODEL -o FOLDER --to huggingface      alize quantize MODEL -o FILE.gguf --to q4_k_m
"""
