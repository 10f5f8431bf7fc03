"""What a model is worth, in numbers. In: models. Out: tables that can be made again by anybody."""
