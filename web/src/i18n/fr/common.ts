import type { common as words } from "../en/common";

export const common: Record<keyof typeof words, string> = {
  "common.after": "{first} {second}",
  "common.cancel": "Annuler",
  "common.save": "Enregistrer",
  "common.close": "Fermer",
  "common.copied": "Copié",
  "common.delete": "Supprimer",
  "common.undo": "Annuler",
  "common.retry": "Réessayer",
  "common.loading": "Chargement",
  "common.more": "Plus",
  "keys.delete": "Suppr",
  "keys.enter": "Entrée",
  "keys.escape": "Échap",
  "keys.shift": "Maj",
};
