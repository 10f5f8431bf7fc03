/** What went wrong, in French. `{detail}`: the words of the server, which are English. */
import type { errors as words } from "../en/errors";

export const errors: Record<keyof typeof words, string> = {
  "error.page": "Une erreur s’est produite sur cette page.",
  "error.unreachable": "Le serveur n’a pas répondu. Vérifiez qu’il fonctionne et que la connexion est établie.",
  "error.unreadable":
    "La réponse est illisible. Un intermédiaire entre cette page et le serveur l’a peut-être modifiée.",
  "error.unexplained": "Le serveur a répondu sans explication ({detail}).",
  "error.noModel": "Aucun modèle n’est prêt à répondre.",
  "error.diskFull":
    "Le disque du serveur est plein. Rien de ce qui était enregistré n’est perdu. Dès que de la place y aura été libérée, cela fonctionnera de nouveau.",
  "error.engineGaveUp": "Le moteur a abandonné la réponse.",
  "error.field": "Valeur refusée : {detail}",
  "error.invalid": "Le serveur refuse cette demande : {detail}",
  "error.model": "Ce modèle n’est pas disponible : {detail}",
  "error.tooLong": "C’est trop long pour ce que le modèle peut retenir : {detail}",
  "error.media": "Ces images ou ces sons ne peuvent pas être transmis au modèle : {detail}",
  "error.unsupported": "Le serveur ne sait pas faire cela : {detail}",
  "error.tooLarge": "L’envoi est trop volumineux pour le serveur : {detail}",
  "error.slow": "La connexion était trop lente. Réessayez. ({detail})",
  "error.signedOut": "Vous n’êtes plus connecté : {detail}",
  "error.forbidden": "Ce compte n’y est pas autorisé : {detail}",
  "error.csrf": "Le serveur n’a pas reconnu cette page. Rechargez-la, puis réessayez. ({detail})",
  "error.notFound": "Introuvable : {detail}",
  "error.conflict": "Impossible dans l’état actuel : {detail}",
  "error.busy": "Le serveur est très occupé. Réessayez dans un moment. ({detail})",
  "error.tooMany": "Trop de demandes en peu de temps. Attendez un peu, puis réessayez. ({detail})",
  "error.engine": "Le moteur n’est pas disponible pour l’instant. Réessayez dans un moment. ({detail})",
  "error.engineCrashed": "Le moteur s’est arrêté et redémarre. Réessayez dans un moment. ({detail})",
  "error.upstream": "Le serveur qui répond pour ce modèle a échoué : {detail}",
  "error.upstreamRefused": "Le serveur qui répond pour ce modèle refuse le nôtre : {detail}",
  "error.upstreamTimeout": "Le serveur qui répond pour ce modèle n’a pas répondu à temps : {detail}",
  "error.storage": "La base de données du serveur n’est pas accessible pour l’instant. ({detail})",
  "error.server": "Le serveur a échoué : {detail}",
};
