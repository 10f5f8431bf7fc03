"""What several tests share: the real small model, fetched once by the product's own pull."""
