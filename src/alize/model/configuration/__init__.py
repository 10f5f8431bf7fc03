"""What each family's configuration says. In: `params`, in the vocabulary of Mistral's params.json. Out: the parts of a ModelConfig."""
