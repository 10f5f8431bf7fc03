/** What a composer is given, for tests: limits small enough to be met, and a model that takes text alone. */

export const LIMITS = {
  attachment_bytes: 262_144,
  attachments: 4,
  attachment_types: ["text/*"],
  image_bytes: 1000,
  image_types: ["image/png"],
  audio_bytes: 5000,
  audio_types: ["audio/wav"],
  body_bytes: 1_000_000,
};

export const SENSES = { sees: false, hears: false, model: "small" };
