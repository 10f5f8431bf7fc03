/** Why something was refused, in French. */
import type { reasons as words } from "../en/reasons";

export const reasons: Record<keyof typeof words, string> = {
  "because.question_too_long":
    "La question est trop longue pour le modèle : avec ses fichiers et la consigne système, elle compte {tokens|# jeton|# jetons}, et {limit} peuvent tenir. Raccourcissez-la ou joignez moins de fichiers.",
  "because.prompt_too_long":
    "La conversation est trop longue pour le modèle : elle compte {tokens|# jeton|# jetons}, et {limit} peuvent tenir, réponse comprise. Raccourcissez-la.",
  "because.prompt_empty": "Il n’y a rien à quoi le modèle puisse répondre.",
  "because.message_empty": "Le message est vide.",
  "because.text_unreadable":
    "Ce qui permet à ce modèle de lire les textes échoue sur celui-ci. Formulez-le autrement, ou choisissez un autre modèle. {words}",
  "because.template_missing":
    "Ce modèle ne fait que compléter des textes : on ne peut pas lui parler. Choisissez-en un autre.",
  "because.template_refuses": "Le modèle n’accepte pas une conversation de cette forme. {words}",
  "because.template_stopped":
    "Ce qui permet à ce modèle de lire les conversations a été arrêté. La personne qui administre le serveur devrait le servir tel qu’il a été publié. {detail}",
  "because.markers_in_text": "Le texte contient des marques de contrôle du modèle, comme <…>. Retirez-les.",
  "because.answer_not_continued": "Ce modèle ne peut pas poursuivre une réponse. Refaites-la.",
  "because.character_unstorable":
    "Le texte contient un caractère qui ne peut pas être enregistré. Retirez-en ce qui est invisible.",
  "because.value_unstorable": "La base de données ne peut pas enregistrer une valeur. {words}",
  "because.model_blind": "Le modèle {model} ne voit pas les images. Choisissez-en un qui les voit.",
  "because.model_deaf": "Le modèle {model} n’entend pas. Choisissez-en un qui entend.",
  "because.images_too_many":
    "{images|# image est jointe|# images sont jointes}, et le modèle peut en voir {most} à la fois. Joignez-en moins.",
  "because.images_most": "Le modèle peut voir {most|# image|# images} à la fois. Joignez-en moins.",
  "because.sounds_too_long":
    "Les sons joints sont, ensemble, plus longs que ce que le modèle peut entendre à la fois. Joignez-en moins ou de plus courts.",
  "because.image_too_large": "L’image est trop grande : la limite est de {most_bytes}. Envoyez-en une plus petite.",
  "because.image_too_many_pixels": "L’image a trop de pixels : la limite est de {most}. Envoyez-en une plus petite.",
  "because.image_unknown": "Ce n’est pas une image d’un type lisible ici : {kinds}.",
  "because.image_damaged": "L’image est endommagée. Joignez-la de nouveau, entière. {words}",
  "because.sound_too_large": "Le son est trop volumineux : la limite est de {most_bytes}. Envoyez-en un plus petit.",
  "because.sound_too_long": "Le son est trop long : la limite est de {most_seconds}. Envoyez-en une partie.",
  "because.sound_unknown": "Ce n’est pas un son d’un type lisible ici : {kinds}.",
  "because.sound_kind": "Un son de type {kind} n’est pas lisible ici. Convertissez-le dans l’un de ceux-ci : {kinds}.",
  "because.sound_channels":
    "Le son a {channels|# canal|# canaux} de {rate} échantillons par seconde ; au plus {most_channels} de {most_rate} sont lisibles.",
  "because.sound_empty": "Le son n’a aucune durée.",
  "because.sound_damaged": "Le son est endommagé. Joignez-le de nouveau, entier. {words}",
  "because.media_too_large":
    "Les images et les sons de la conversation occupent {bytes}, et le modèle en retient au plus {most_bytes}. Joignez-en moins.",
  "because.media_busy":
    "Les images et les sons de toutes les demandes en cours occupent {bytes}, ce qui est trop. Réessayez dans un moment.",
  "because.file_too_large": "Le fichier est trop volumineux : la limite est de {most_bytes}. Joignez-en un plus petit.",
  "because.file_untyped": "Le fichier n’est ni une image ni un son d’un type lisible ici : {types}.",
  "because.files_full":
    "Vos images et vos sons occupent déjà {taken_bytes}, et avec ce fichier ils dépasseraient les {most_bytes} que vous pouvez conserver. Supprimez des conversations qui en contiennent, ce qui compte une heure plus tard, ou faites relever la limite.",
  "because.upload_gone": "Un fichier joint n’est plus sur le serveur. Joignez-le de nouveau.",
  "because.body_too_large": "C’est trop à envoyer en une fois : la limite est de {most_bytes}.",
  "because.body_slow":
    "La connexion était trop lente : il n’est arrivé que {bytes} à temps. Réessayez avec une meilleure connexion.",
  "because.head_slow": "La connexion était trop lente. Réessayez avec une meilleure connexion.",

  "because.attachment_gone": "Ce fichier n’existe plus.",
  "because.conversation_gone": "Cette conversation n’existe plus.",
  "because.conversation_gone_long_ago":
    "Cette conversation a été supprimée il y a trop longtemps : on peut la récupérer pendant une heure.",
  "because.message_gone": "Ce message n’existe plus.",
  "because.run_gone": "Cette réponse n’est plus en cours.",
  "because.id_taken": "Le serveur a autre chose sous le même numéro. Rechargez la page, puis réessayez.",
  "because.not_under_answer": "La réponse que suit ce message n’existe plus. Rechargez la page, puis réessayez.",
  "because.only_answers_again": "Seule une réponse peut être refaite.",
  "because.nothing_to_continue":
    "Il n’y a rien à poursuivre dans cette réponse. Refaites-la, ou posez une autre question.",
  "because.continued_already": "Cette réponse est déjà en train d’être poursuivie.",
  "because.sent_before": "Ce message a déjà été envoyé. Rechargez la page pour voir sa réponse.",
  "because.list_changed": "La liste a changé entre-temps. Rechargez la page.",

  "because.model_unknown": "Il n’y a pas de modèle {model} ici. Choisissez-en un autre.",
  "because.model_unknown_near": "Il n’y a pas de modèle {model} ici. Les plus proches : {near}.",
  "because.model_unnamed": "Aucun modèle n’est choisi. Choisissez-en un.",
  "because.model_unknown_upstream_away":
    "Il n’y a pas de modèle {model} sur ce serveur, et l’autre serveur où il pourrait être ne dit pas lesquels il a. Réessayez plus tard, ou choisissez-en un autre. {detail}",
  "because.model_writes_nothing": "Le modèle {model} n’écrit pas de texte. Choisissez-en un autre.",
  "because.model_not_for_talk": "On ne peut pas parler au modèle {model}. Choisissez-en un autre.",
  "because.model_asleep": "Le modèle {model} est en sommeil. Il est chargé quand on l’interroge.",
  "because.model_failed":
    "Le modèle {model} n’a pas pu être chargé. La personne qui administre ce serveur doit y remédier ; en attendant, choisissez-en un autre.",
  "because.model_too_large":
    "Le modèle {model} demande {bytes} de mémoire, et il peut en avoir {most_bytes} au plus ici. Choisissez-en un autre.",
  "because.model_not_there":
    "Le modèle {model} n’a pas pu être chargé à temps. Réessayez bientôt, ou choisissez-en un autre. {detail}",
  "because.model_pinned": "Le modèle {model} est maintenu éveillé. Désactivez d’abord « Garder éveillé ».",
  "because.model_changing":
    "Le modèle {model} est en train d’être chargé, endormi ou de recevoir d’autres poids. Réessayez ensuite.",
  "because.model_refused": "Le serveur n’accepte pas cela. {detail}",
  "because.adapter_lost":
    "Le modèle {model} n’a pas pu être chargé. La personne qui administre ce serveur doit le réparer ; en attendant, choisissez-en un autre. {detail}",
  "because.adapter_unknown": "Le modèle {adapter} n’est plus servi. Choisissez-en un autre.",
  "because.parameter_unsupported": "Le réglage {parameter} n’est pas possible ici.",
  "because.queue_full":
    "Le serveur est très occupé : {requests|# demande est passée|# demandes sont passées} avant. Réessayez dans un moment.",
  "because.requests_used":
    "Votre espace de travail a droit à {most|# demande par minute et l’a utilisée|# demandes par minute et les a utilisées}. Attendez {seconds}, puis réessayez.",
  "because.tokens_used":
    "Votre espace de travail a droit à {most|# jeton par minute et l’a utilisé|# jetons par minute et les a utilisés}. Attendez {seconds}, puis réessayez.",
  "because.engine_starting": "Le moteur démarre. Réessayez dans un moment.",
  "because.engine_restarting": "Le moteur s’est arrêté et redémarre. Réessayez dans un moment.",
  "because.engine_unstartable":
    "Le moteur ne peut pas démarrer. La personne qui administre le serveur en trouvera la raison dans son journal.",
  "because.engine_ended": "Le moteur s’est arrêté en plein travail et redémarre. Réessayez dans un moment.",
  "because.model_loading": "Le modèle est en cours de chargement. Réessayez dans un moment.",
  "because.model_loading_at": "Le modèle est en cours de chargement : {percent} %. Réessayez dans un moment.",
  "because.shutting_down": "Le serveur est en train de s’arrêter. Réessayez dans un moment.",
  "because.server_failed":
    "Le serveur a échoué. La personne qui l’administre en trouvera la raison dans son journal, sous le numéro {request}.",
  "because.answer_failed": "Le serveur a échoué. La personne qui l’administre en trouvera la raison dans son journal.",
  "because.model_spoilt":
    "Les calculs du modèle ont déraillé sur ce texte : aucun mot suivant n’a pu être tiré. Reformulez la question ou choisissez un autre modèle.",
  "because.page_unknown": "Il n’y a rien sous {path} sur ce serveur.",

  "because.upstream_ended": "{host}, qui répond pour ce modèle, a terminé sa réponse par une erreur. {words}",
  "because.upstream_busy":
    "{host}, qui répond pour ce modèle, n’accepte plus de demandes pour l’instant. Attendez un peu, puis réessayez. {words}",
  "because.upstream_refuses": "{host}, qui répond pour ce modèle, refuse cette demande. {words}",
  "because.upstream_key":
    "{host}, qui répond pour ce modèle, n’accepte pas la clé ou le compte de notre serveur ({status}). La personne qui administre notre serveur doit y remédier.",
  "because.upstream_redirects":
    "{host}, qui répond pour ce modèle, a déménagé ({status}). La personne qui administre notre serveur doit indiquer sa nouvelle adresse.",
  "because.upstream_unknown":
    "{host}, qui répond pour ce modèle, ne connaît pas ce qui lui est demandé ({status}). Son adresse est peut-être fausse, ou le modèle n’y est plus. {words}",
  "because.upstream_status": "{host}, qui répond pour ce modèle, a échoué ({status}). Réessayez. {words}",
  "because.upstream_silent": "{host}, qui répond pour ce modèle, n’a pas répondu à temps. Réessayez.",
  "because.upstream_untrusted":
    "La connexion à {host}, qui répond pour ce modèle, n’est pas sûre : son certificat n’est pas digne de confiance. {words}",
  "because.upstream_unreachable":
    "{host}, qui répond pour ce modèle, est injoignable. Il est peut-être arrêté, ou son adresse est fausse.",
  "because.upstream_broke": "La connexion à {host}, qui répond pour ce modèle, s’est rompue. Réessayez.",
  "because.upstream_no_answer":
    "Ce que {host} a envoyé n’est pas une réponse. Son adresse est peut-être fausse : la personne qui administre notre serveur doit la vérifier.",
  "because.upstream_too_long": "{host}, qui répond pour ce modèle, a envoyé plus qu’une réponse ne peut contenir.",
  "because.upstream_event_too_long":
    "Le serveur qui répond pour ce modèle a envoyé plus de {most_bytes} d’un coup, ce qui n’est pas une réponse.",
  "because.upstream_withholds":
    "{host}, qui répond pour ce modèle, a interrompu sa réponse. Redemandez, ou demandez à un autre modèle.",

  "because.attempts_used": "Il y a eu trop d’essais infructueux. Attendez {seconds}, puis réessayez.",
  "because.sign_in_busy": "Trop de personnes se connectent en ce moment. Réessayez dans un moment.",
  "because.sign_in_wrong":
    "L’adresse ou le mot de passe est faux. Réessayez, ou demandez à la personne qui administre le serveur de réinitialiser le mot de passe.",
  "because.old_password_wrong": "L’ancien mot de passe est faux. Réessayez.",
  "because.password_short":
    "Le mot de passe a {characters|# caractère|# caractères}, et il en faut au moins {least}. Choisissez-en un plus long.",
  "because.password_long":
    "Le mot de passe a {characters|# caractère|# caractères}, et {most} est le maximum. Choisissez-en un plus court.",
  "because.email_invalid": "Ce n’est pas une adresse e-mail. Écrivez-la comme ada@example.org.",
  "because.email_taken": "Il y a déjà un compte à cette adresse. Connectez-vous avec.",
  "because.name_empty": "Le nom est vide. Écrivez au moins une lettre.",
  "because.name_long": "Le nom a {characters|# caractère|# caractères}, et {most} est le maximum. Raccourcissez-le.",
  "because.name_hidden": "Le nom contient des caractères invisibles. Tapez-le à la main.",
  "because.setup_done": "Il y a déjà un compte. Connectez-vous, ou demandez une invitation à son propriétaire.",
  "because.setup_token_wrong": "Ce n’est pas le jeton du premier compte. Le serveur l’affiche quand il démarre.",
  "because.setup_elsewhere":
    "Ce serveur ne crée son premier compte que depuis sa propre machine. Ouvrez-y cette page, ou faites-y créer une invitation.",
  "because.no_accounts": "Ce serveur fonctionne sans comptes.",
  "because.not_signed_in": "Vous n’êtes pas connecté. Connectez-vous, puis réessayez.",
  "because.session_ended": "Votre session est terminée. Reconnectez-vous.",
  "because.session_gone": "Cette session est déjà terminée.",
  "because.session_damaged": "Ce que ce navigateur a gardé de votre session est endommagé. Reconnectez-vous.",
  "because.sessions_two":
    "Ce navigateur a envoyé deux sessions à la fois. Supprimez les cookies de ce site, puis reconnectez-vous.",
  "because.token_wrong": "Le serveur n’a pas reconnu cette page. Rechargez-la, puis réessayez.",
  "because.origin_other":
    "Cette page vient de {origin}, et le serveur croit être {host}. S’il y a un proxy entre les deux, il doit transmettre l’en-tête Host.",
  "because.page_elsewhere": "Une page d’ailleurs a demandé cela, qui est réservé à la page du serveur.",
  "because.host_elsewhere":
    "Sans comptes, ce serveur ne répond qu’à sa propre machine, et la demande a été envoyée à {host}.",
  "because.origin_elsewhere":
    "Sans comptes, seules les pages de sa propre machine peuvent utiliser ce serveur, et celle-ci vient de {origin}.",
  "because.scope_lacking":
    "Votre compte n’y est pas autorisé : il lui manque le droit {scope}. Adressez-vous à votre administrateur.",
  "because.people_only": "Il faut être connecté pour faire cela. Connectez-vous d’abord.",
  "because.account_gone": "Ce compte n’existe plus.",
  "because.last_owner":
    "C’est le dernier propriétaire qui puisse se connecter. Donnez d’abord ce rôle à quelqu’un d’autre.",
  "because.invitation_used": "Cette invitation a été utilisée, a expiré ou a été retirée. Demandez-en une autre.",
  "because.invitation_gone": "Cette invitation a déjà été utilisée ou retirée.",
  "because.role_unknown": "Il n’y a pas de rôle {role}. Les rôles sont : {roles}.",
  "because.invitation_days": "Une invitation dure de 1 à {most} jours, et non {days}.",
  "because.key_gone": "Cette clé d’API n’existe plus.",
  "because.key_name_kept": "Le nom {name} est réservé aux clés que le serveur crée lui-même. Choisissez-en un autre.",
  "because.key_name": "Le nom d’une clé a de 1 à {most} caractères, tous visibles.",
  "because.key_scope_unknown": "Il n’y a pas de droit {scope}. Les droits sont : {scopes}.",
  "because.key_scope_none": "Une clé sans aucun droit ne sert à rien. Choisissez-en un.",
  "because.key_scope_lacking": "Vous ne pouvez pas donner à une clé le droit {scope}, que vous n’avez pas.",
  "because.key_end_past": "La fin d’une clé doit être à venir.",

  "because.storage_busy": "La base de données du serveur est occupée. Réessayez dans un moment.",
  "because.storage_undone":
    "Deux changements se sont croisés dans la base de données du serveur, et celui-ci a été annulé. Réessayez.",
  "because.storage_damaged":
    "La base de données du serveur est endommagée. La personne qui l’administre devrait restaurer la dernière sauvegarde. {words}",
  "because.storage_unwritable":
    "Impossible d’écrire dans la base de données du serveur. La personne qui l’administre devrait vérifier les droits du dossier où elle se trouve. {words}",
  "because.storage_old":
    "La base de données du serveur est d’une version plus ancienne. La personne qui l’administre devrait le redémarrer. {words}",
  "because.storage_disk":
    "Le disque de la base de données du serveur a échoué. La personne qui l’administre en trouvera plus dans le journal du système. {words}",
  "because.storage_untaken":
    "Le disque de la base de données n’a pas accepté ce qui devait être écrit. Un quota est peut-être épuisé : libérez de la place. Sinon, le journal du système du serveur en dit plus. {words}",
  "because.storage_unusable": "La base de données du serveur n’est pas utilisable pour l’instant. {words}",
  "because.storage_conflict": "Cela ne va pas avec ce qui est déjà là. Rechargez la page, puis réessayez. {words}",
  "because.disk_full":
    "Le disque du serveur est plein. Rien de ce qui était enregistré n’est perdu. Dès que de la place y aura été libérée, cela fonctionnera de nouveau.",
};
