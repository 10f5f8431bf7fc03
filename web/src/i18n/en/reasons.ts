/** Why something was refused, by the reasons of docs/reference/errors.md: whole sentences, made of their values (components/reasons.ts). */
export const reasons = {
  "because.question_too_long":
    "The question is too long for the model: with its files and the system prompt it has {tokens|# token|# tokens}, and {limit} fit. Shorten it, or attach less.",
  "because.prompt_too_long":
    "The conversation is too long for the model: it has {tokens|# token|# tokens}, and {limit} fit together with an answer. Shorten it.",
  "because.prompt_empty": "There is nothing that the model could answer.",
  "because.message_empty": "The message is empty.",
  "because.text_unreadable":
    "What this model came with to read texts breaks at this one. Write it in other words, or choose another model. {words}",
  "because.template_missing": "This model only completes texts and cannot be talked to. Choose another one.",
  "because.template_refuses": "The model does not take a conversation of this form. {words}",
  "because.template_stopped":
    "What this model came with to read conversations was stopped. Whoever runs the server should serve it as it was released. {detail}",
  "because.markers_in_text": "The text holds control marks of the model, such as <…>. Take them out.",
  "because.answer_not_continued": "This model cannot go on with an answer. Make it again.",
  "because.character_unstorable": "The text holds a character that cannot be kept. Remove what is invisible in it.",
  "because.value_unstorable": "A value cannot be kept by the database. {words}",
  "because.model_blind": "The model {model} cannot see images. Choose one that can.",
  "because.model_deaf": "The model {model} cannot hear. Choose one that can.",
  "because.images_too_many":
    "{images|# image is|# images are} attached, and the model can see {most} at once. Attach fewer.",
  "because.images_most": "The model can see {most|# image|# images} at once. Attach fewer.",
  "because.sounds_too_long":
    "The attached sounds are longer, all together, than the model can hear at once. Attach fewer or shorter ones.",
  "because.image_too_large": "The image is too large: {most_bytes} is the limit. Send a smaller one.",
  "because.image_too_many_pixels": "The image has too many pixels: {most} is the limit. Send a smaller one.",
  "because.image_unknown": "This is no image of a kind that can be read: {kinds}.",
  "because.image_damaged": "The image is damaged. Attach it again, whole. {words}",
  "because.sound_too_large": "The sound is too large: {most_bytes} is the limit. Send a smaller one.",
  "because.sound_too_long": "The sound is too long: {most_seconds} is the limit. Send a part of it.",
  "because.sound_unknown": "This is no sound of a kind that can be read: {kinds}.",
  "because.sound_kind": "Sounds of the kind {kind} cannot be read. Convert it to one of these: {kinds}.",
  "because.sound_channels":
    "The sound has {channels|# channel|# channels} of {rate} samples a second; at most {most_channels} of {most_rate} can be read.",
  "because.sound_empty": "The sound has no length.",
  "because.sound_damaged": "The sound is damaged. Attach it again, whole. {words}",
  "because.media_too_large":
    "The images and sounds of the conversation take {bytes}, and {most_bytes} is the most that the model holds. Attach fewer.",
  "because.media_busy":
    "The images and sounds of all who ask take {bytes} at the moment, which is too much. Try again shortly.",
  "because.file_too_large": "The file is too large: {most_bytes} is the limit. Attach a smaller one.",
  "because.file_untyped": "The file is neither an image nor a sound of a kind that can be read: {types}.",
  "because.files_full":
    "Your images and sounds take {taken_bytes} already, and with this file they would be more than the {most_bytes} that you may keep. Delete conversations that have some, which counts an hour later, or have the limit raised.",
  "because.upload_gone": "An attached file is no longer on the server. Attach it again.",
  "because.body_too_large": "This is too much to send at once: {most_bytes} is the limit.",
  "because.body_slow": "The connection was too slow: only {bytes} arrived in time. Try again over a better connection.",
  "because.head_slow": "The connection was too slow. Try again over a better connection.",

  "because.attachment_gone": "This file is no longer there.",
  "because.conversation_gone": "This conversation is no longer there.",
  "because.conversation_gone_long_ago":
    "This conversation was deleted too long ago to be restored: that is possible for an hour.",
  "because.message_gone": "This message is no longer there.",
  "because.run_gone": "This answer is no longer being made.",
  "because.id_taken": "The server has something else under the same number. Reload the page and try again.",
  "because.not_under_answer": "The answer that this message follows is no longer there. Reload the page and try again.",
  "because.only_answers_again": "Only an answer can be made again.",
  "because.nothing_to_continue": "There is nothing in this answer to go on with. Make it again, or ask on.",
  "because.continued_already": "This answer is being continued already.",
  "because.sent_before": "This message was sent before. Reload the page to see its answer.",
  "because.list_changed": "The list has changed meanwhile. Reload the page.",

  "because.model_unknown": "There is no model {model} here. Choose another one.",
  "because.model_unknown_near": "There is no model {model} here. These come near: {near}.",
  "because.model_unnamed": "No model is chosen. Choose one.",
  "because.model_unknown_upstream_away":
    "There is no model {model} on this server, and the other server that it may be on does not say which it has. Try again later, or choose another one. {detail}",
  "because.model_writes_nothing": "The model {model} writes no text. Choose another one.",
  "because.model_not_for_talk": "The model {model} cannot be talked to. Choose another one.",
  "because.model_asleep": "The model {model} is asleep. It is loaded when it is asked.",
  "because.model_failed":
    "The model {model} could not be loaded. Whoever runs this server must mend it; until then choose another one.",
  "because.model_too_large":
    "The model {model} needs {bytes} of memory, and {most_bytes} is the most that it can have here. Choose another one.",
  "because.model_not_there":
    "The model {model} could not be loaded in time. Try again shortly, or choose another one. {detail}",
  "because.model_pinned": "The model {model} is kept awake. Switch off “Keep awake” first.",
  "because.model_changing":
    "The model {model} is being loaded, put to sleep or given other weights. Try again when that is done.",
  "because.model_refused": "The server does not take this. {detail}",
  "because.adapter_lost":
    "The model {model} could not be loaded. Whoever runs this server must mend it; until then choose another one. {detail}",
  "because.adapter_unknown": "The model {adapter} is no longer served. Choose another one.",
  "because.parameter_unsupported": "The setting {parameter} is not supported here.",
  "because.queue_full": "The server is very busy: {requests|# request|# requests} came before. Try again shortly.",
  "because.requests_used":
    "Your workspace may send {most|# request|# requests} a minute, and has. Wait {seconds}, then try again.",
  "because.tokens_used":
    "Your workspace may use {most|# token|# tokens} a minute, and has. Wait {seconds}, then try again.",
  "because.engine_starting": "The engine is being started. Try again shortly.",
  "because.engine_restarting": "The engine stopped and is being started again. Try again shortly.",
  "because.engine_unstartable": "The engine cannot be started. Whoever runs the server finds the reason in its log.",
  "because.engine_ended": "The engine stopped while it worked, and is being started again. Try again shortly.",
  "because.model_loading": "The model is being loaded. Try again shortly.",
  "because.model_loading_at": "The model is being loaded: {percent}%. Try again shortly.",
  "because.shutting_down": "The server is being shut down. Try again shortly.",
  "because.server_failed":
    "The server failed. Whoever runs it finds the reason in its log, under the number {request}.",
  "because.answer_failed": "The server failed. Whoever runs it finds the reason in its log.",
  "because.model_spoilt":
    "The model’s numbers went wrong on this text, so no next word could be drawn. Ask in other words, or choose another model.",
  "because.page_unknown": "There is nothing under {path} on this server.",

  "because.upstream_ended": "{host}, which answers for this model, ended its answer with an error. {words}",
  "because.upstream_busy":
    "{host}, which answers for this model, takes no more requests at the moment. Wait a little, then try again. {words}",
  "because.upstream_refuses": "{host}, which answers for this model, does not take this request. {words}",
  "because.upstream_key":
    "{host}, which answers for this model, does not accept the key or account of our server ({status}). Whoever runs our server must mend that.",
  "because.upstream_redirects":
    "{host}, which answers for this model, has moved ({status}). Whoever runs our server must set its new address.",
  "because.upstream_unknown":
    "{host}, which answers for this model, does not know what is asked of it ({status}). Its address may be wrong, or the model gone. {words}",
  "because.upstream_status": "{host}, which answers for this model, failed ({status}). Try again. {words}",
  "because.upstream_silent": "{host}, which answers for this model, did not answer in time. Try again.",
  "because.upstream_untrusted":
    "The connection to {host}, which answers for this model, is not safe: its certificate is not to be trusted. {words}",
  "because.upstream_unreachable":
    "{host}, which answers for this model, cannot be reached. It may not be running, or its address may be wrong.",
  "because.upstream_broke": "The connection to {host}, which answers for this model, broke. Try again.",
  "because.upstream_no_answer":
    "What {host} sent is no answer. Its address may be wrong: whoever runs our server must look at it.",
  "because.upstream_too_long": "{host}, which answers for this model, sent more than an answer may have.",
  "because.upstream_event_too_long":
    "The server that answers for this model sent more than {most_bytes} at once, which is no answer.",
  "because.upstream_withholds":
    "{host}, which answers for this model, ended its answer early. Ask again, or another model.",

  "because.attempts_used": "There were too many failed attempts. Wait {seconds}, then try again.",
  "because.sign_in_busy": "Too many people are signing in at this moment. Try again shortly.",
  "because.sign_in_wrong":
    "The address or the password is wrong. Try again, or ask whoever runs the server to reset the password.",
  "because.old_password_wrong": "The old password is wrong. Try again.",
  "because.password_short":
    "The password has {characters|# character|# characters}, and {least} is the least. Choose a longer one.",
  "because.password_long":
    "The password has {characters|# character|# characters}, and {most} is the most. Choose a shorter one.",
  "because.email_invalid": "This is no e-mail address. Write it like ada@example.org.",
  "because.email_taken": "There is an account with this address already. Sign in with it.",
  "because.name_empty": "The name is empty. Write at least one letter.",
  "because.name_long": "The name has {characters|# character|# characters}, and {most} is the most. Shorten it.",
  "because.name_hidden": "The name has characters that cannot be seen. Type it by hand.",
  "because.setup_done": "There is an account already. Sign in, or ask its owner for an invitation.",
  "because.setup_token_wrong": "This is not the token for the first account. The server prints it when it starts.",
  "because.setup_elsewhere":
    "This server makes its first account from its own machine only. Open this page there, or have an invitation made there.",
  "because.no_accounts": "This server runs without accounts.",
  "because.not_signed_in": "You are not signed in. Sign in, then try again.",
  "because.session_ended": "Your session has ended. Sign in again.",
  "because.session_gone": "This session has ended already.",
  "because.session_damaged": "What this browser kept of your session is damaged. Sign in again.",
  "because.sessions_two":
    "This browser sent two sessions at once. Delete the cookies of this site, then sign in again.",
  "because.token_wrong": "The server did not recognize this page. Reload it, then try again.",
  "because.origin_other":
    "This page is from {origin}, and the server believes itself to be {host}. If there is a proxy in between, it must pass the Host header on.",
  "because.page_elsewhere": "A page from elsewhere asked for this. It is for the server’s own page.",
  "because.host_elsewhere":
    "Without accounts this server answers its own machine only, and the request was sent to {host}.",
  "because.origin_elsewhere":
    "Without accounts only pages of its own machine may use this server, and this one is from {origin}.",
  "because.scope_lacking": "Your account may not do that: it lacks the right {scope}. Ask your administrator.",
  "because.people_only": "Only somebody who is signed in can do that. Sign in first.",
  "because.account_gone": "This account is no longer there.",
  "because.last_owner": "This is the last owner who can sign in. Make somebody else an owner first.",
  "because.invitation_used": "This invitation has been used, has ended or was withdrawn. Ask for another one.",
  "because.invitation_gone": "This invitation has been used already, or was withdrawn.",
  "because.role_unknown": "There is no role {role}. There are: {roles}.",
  "because.invitation_days": "An invitation lasts from 1 to {most} days, not {days}.",
  "because.key_gone": "This API key is no longer there.",
  "because.key_name_kept": "The name {name} is kept for keys that the server makes itself. Choose another one.",
  "because.key_name": "The name of a key has from 1 to {most} characters, all of them visible.",
  "because.key_scope_unknown": "There is no right {scope}. There are: {scopes}.",
  "because.key_scope_none": "A key without any right can do nothing. Choose one.",
  "because.key_scope_lacking": "You cannot give a key the right {scope}, which you do not have.",
  "because.key_end_past": "The end of a key must lie ahead.",

  "because.storage_busy": "The server’s database is busy. Try again shortly.",
  "because.storage_undone": "Two changes met in the server’s database, and this one was undone. Try again.",
  "because.storage_damaged":
    "The server’s database is damaged. Whoever runs it should restore the latest backup. {words}",
  "because.storage_unwritable":
    "The server’s database cannot be written. Whoever runs it should look at the rights of its folder. {words}",
  "because.storage_old": "The server’s database is of an older version. Whoever runs it should start it anew. {words}",
  "because.storage_disk":
    "The disk that holds the server’s database failed. Whoever runs it finds more in its system’s log. {words}",
  "because.storage_untaken":
    "The disk that holds the database did not take what was to be written. A quota may be used up: free some space. If not, the log of the server’s system says more. {words}",
  "because.storage_unusable": "The server’s database cannot be used at the moment. {words}",
  "because.storage_conflict": "This does not go with what is there already. Reload the page and try again. {words}",
  "because.disk_full":
    "The server’s disk is full. Nothing that was kept is lost. Once space has been freed on it, this works again.",
};
