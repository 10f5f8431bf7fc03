/** Why something was refused, in Japanese. */
import type { reasons as words } from "../en/reasons";

export const reasons: Record<keyof typeof words, string> = {
  "because.question_too_long":
    "質問がモデルには長すぎます。ファイルとシステムプロンプトを含めて{tokens}トークンあり、上限は{limit}トークンです。短くするか、添付を減らしてください。",
  "because.prompt_too_long":
    "会話がモデルには長すぎます。{tokens}トークンあり、回答を含めた上限は{limit}トークンです。短くしてください。",
  "because.prompt_empty": "モデルが回答できる内容がありません。",
  "because.message_empty": "メッセージが空です。",
  "because.text_unreadable":
    "このモデルが文章を読み取るための仕組みが、この文章で失敗しました。別の言葉で書くか、ほかのモデルを選んでください。{words}",
  "because.template_missing": "このモデルは文章の続きを書くだけで、会話はできません。ほかのモデルを選んでください。",
  "because.template_refuses": "モデルはこの形の会話を受け付けません。{words}",
  "because.template_stopped":
    "このモデルが会話を読み取るための仕組みが停止されました。サーバーの管理者は、モデルを公開時のまま使ってください。{detail}",
  "because.markers_in_text": "文章に<…>のようなモデルの制御記号が含まれています。取り除いてください。",
  "because.answer_not_continued": "このモデルは回答の続きを書けません。もう一度回答させてください。",
  "because.character_unstorable": "保存できない文字が含まれています。目に見えない文字を取り除いてください。",
  "because.value_unstorable": "データベースに保存できない値があります。{words}",
  "because.model_blind": "モデル {model} は画像を見られません。画像を見られるモデルを選んでください。",
  "because.model_deaf": "モデル {model} は音声を聞けません。音声を聞けるモデルを選んでください。",
  "because.images_too_many":
    "画像が{images}枚添付されていますが、モデルが一度に見られるのは{most}枚までです。減らしてください。",
  "because.images_most": "モデルが一度に見られる画像は{most}枚までです。減らしてください。",
  "because.sounds_too_long":
    "添付された音声の合計が、モデルが一度に聞ける長さを超えています。数を減らすか、短いものにしてください。",
  "because.image_too_large": "画像が大きすぎます。上限は{most_bytes}です。小さいものを送ってください。",
  "because.image_too_many_pixels": "画像の画素数が多すぎます。上限は{most}画素です。小さいものを送ってください。",
  "because.image_unknown": "読み取れる形式の画像ではありません。読み取れる形式：{kinds}",
  "because.image_damaged": "画像が壊れています。完全なものを添付し直してください。{words}",
  "because.sound_too_large": "音声ファイルが大きすぎます。上限は{most_bytes}です。小さいものを送ってください。",
  "because.sound_too_long": "音声が長すぎます。上限は{most_seconds}です。一部だけを送ってください。",
  "because.sound_unknown": "読み取れる形式の音声ではありません。読み取れる形式：{kinds}",
  "because.sound_kind": "{kind} 形式の音声は読み取れません。次のいずれかに変換してください：{kinds}",
  "because.sound_channels":
    "音声は{channels}チャンネル、毎秒{rate}サンプルですが、読み取れるのは{most_channels}チャンネル、毎秒{most_rate}サンプルまでです。",
  "because.sound_empty": "音声の長さがありません。",
  "because.sound_damaged": "音声が壊れています。完全なものを添付し直してください。{words}",
  "because.media_too_large":
    "会話の画像と音声が{bytes}あり、モデルが保持できる{most_bytes}を超えています。添付を減らしてください。",
  "because.media_busy": "現在処理中の画像と音声が合計{bytes}あり、多すぎます。しばらくしてからもう一度お試しください。",
  "because.file_too_large": "ファイルが大きすぎます。上限は{most_bytes}です。小さいものを添付してください。",
  "because.file_untyped": "読み取れる形式の画像でも音声でもありません。読み取れる形式：{types}",
  "because.files_full":
    "保存されている画像と音声はすでに{taken_bytes}あり、このファイルを加えると上限の{most_bytes}を超えます。画像や音声を含む会話を削除するか（1時間後に反映されます）、上限を引き上げてもらってください。",
  "because.upload_gone": "添付したファイルがサーバーにもうありません。もう一度添付してください。",
  "because.body_too_large": "一度に送る量が多すぎます。上限は{most_bytes}です。",
  "because.body_slow": "接続が遅すぎました。時間内に届いたのは{bytes}だけです。よりよい接続でもう一度お試しください。",
  "because.head_slow": "接続が遅すぎました。よりよい接続でもう一度お試しください。",

  "because.attachment_gone": "このファイルはもうありません。",
  "because.conversation_gone": "この会話はもうありません。",
  "because.conversation_gone_long_ago": "この会話は削除されてから時間がたちすぎています。元に戻せるのは1時間以内です。",
  "because.message_gone": "このメッセージはもうありません。",
  "because.run_gone": "この回答はもう作成されていません。",
  "because.id_taken":
    "サーバーでは同じ番号が別のものに使われています。ページを再読み込みして、もう一度お試しください。",
  "because.not_under_answer":
    "このメッセージの前の回答がもうありません。ページを再読み込みして、もう一度お試しください。",
  "because.only_answers_again": "作り直せるのは回答だけです。",
  "because.nothing_to_continue": "この回答には続きがありません。もう一度回答させるか、次の質問をしてください。",
  "because.continued_already": "この回答の続きはすでに作成中です。",
  "because.sent_before": "このメッセージはすでに送信されています。ページを再読み込みすると回答が表示されます。",
  "because.list_changed": "一覧がその間に変わりました。ページを再読み込みしてください。",

  "because.model_unknown": "モデル {model} はここにありません。ほかのモデルを選んでください。",
  "because.model_unknown_near": "モデル {model} はここにありません。近い名前：{near}",
  "because.model_unnamed": "モデルが選ばれていません。選んでください。",
  "because.model_unknown_upstream_away":
    "モデル {model} はこのサーバーになく、あるかもしれない別のサーバーからは一覧が得られません。あとでもう一度試すか、ほかのモデルを選んでください。{detail}",
  "because.model_writes_nothing": "モデル {model} は文章を書きません。ほかのモデルを選んでください。",
  "because.model_not_for_talk": "モデル {model} とは会話できません。ほかのモデルを選んでください。",
  "because.model_asleep": "モデル {model} は休止中です。質問すると読み込まれます。",
  "because.model_failed":
    "モデル {model} を読み込めませんでした。サーバーの管理者による対処が必要です。それまではほかのモデルを選んでください。",
  "because.model_too_large":
    "モデル {model} には {bytes} のメモリが必要ですが、ここで使えるのは最大 {most_bytes} です。ほかのモデルを選んでください。",
  "because.model_not_there":
    "モデル {model} の読み込みが間に合いませんでした。少し待ってもう一度試すか、ほかのモデルを選んでください。{detail}",
  "because.model_pinned": "モデル {model} は常に起動しておく設定です。先に「常に起動」をオフにしてください。",
  "because.model_changing":
    "モデル {model} は読み込み、休止、または重みの入れ替えの途中です。終わってからもう一度試してください。",
  "because.model_refused": "サーバーはこの操作を受け付けません。{detail}",
  "because.adapter_lost":
    "モデル {model} を読み込めませんでした。サーバーの管理者が直す必要があります。それまではほかのモデルを選んでください。{detail}",
  "because.adapter_unknown": "モデル {adapter} はもう提供されていません。ほかのモデルを選んでください。",
  "because.parameter_unsupported": "設定 {parameter} はここでは使えません。",
  "because.queue_full":
    "サーバーが混み合っています。先に{requests}件の要求が待っています。しばらくしてからもう一度お試しください。",
  "because.requests_used":
    "ワークスペースの上限である毎分{most}件の要求を使い切りました。{seconds}待ってから、もう一度お試しください。",
  "because.tokens_used":
    "ワークスペースの上限である毎分{most}トークンを使い切りました。{seconds}待ってから、もう一度お試しください。",
  "because.engine_starting": "エンジンを起動しています。しばらくしてからもう一度お試しください。",
  "because.engine_restarting": "エンジンが停止し、再起動しています。しばらくしてからもう一度お試しください。",
  "because.engine_unstartable": "エンジンを起動できません。理由はサーバーのログにあり、管理者が確認できます。",
  "because.engine_ended": "処理の途中でエンジンが停止し、再起動しています。しばらくしてからもう一度お試しください。",
  "because.model_loading": "モデルを読み込んでいます。しばらくしてからもう一度お試しください。",
  "because.model_loading_at": "モデルを読み込んでいます（{percent}%）。しばらくしてからもう一度お試しください。",
  "because.shutting_down": "サーバーを停止しています。しばらくしてからもう一度お試しください。",
  "because.server_failed":
    "サーバーで問題が発生しました。理由はサーバーのログに番号 {request} で記録されており、管理者が確認できます。",
  "because.answer_failed": "サーバーで問題が発生しました。理由はサーバーのログにあり、管理者が確認できます。",
  "because.model_spoilt":
    "この文章ではモデルの計算値が異常になり、続きを選べませんでした。言い換えて質問するか、別のモデルを選んでください。",
  "because.page_unknown": "このサーバーの {path} には何もありません。",

  "because.upstream_ended": "このモデルを担当する {host} が、エラーで回答を終えました。{words}",
  "because.upstream_busy":
    "このモデルを担当する {host} は、現在これ以上の要求を受け付けません。少し待ってから、もう一度お試しください。{words}",
  "because.upstream_refuses": "このモデルを担当する {host} が、この要求を受け付けませんでした。{words}",
  "because.upstream_key":
    "このモデルを担当する {host} が、こちらのサーバーのキーまたはアカウントを受け付けません（{status}）。サーバーの管理者が直す必要があります。",
  "because.upstream_redirects":
    "このモデルを担当する {host} が移転しています（{status}）。サーバーの管理者が新しいアドレスを設定する必要があります。",
  "because.upstream_unknown":
    "このモデルを担当する {host} には、求められたものがありません（{status}）。アドレスが誤っているか、モデルがなくなった可能性があります。{words}",
  "because.upstream_status": "このモデルを担当する {host} で失敗しました（{status}）。もう一度お試しください。{words}",
  "because.upstream_silent": "このモデルを担当する {host} が時間内に応答しませんでした。もう一度お試しください。",
  "because.upstream_untrusted":
    "このモデルを担当する {host} への接続は安全ではありません。証明書を信頼できません。{words}",
  "because.upstream_unreachable":
    "このモデルを担当する {host} に接続できません。動作していないか、アドレスが誤っている可能性があります。",
  "because.upstream_broke": "このモデルを担当する {host} との接続が切れました。もう一度お試しください。",
  "because.upstream_no_answer":
    "{host} から届いたものは回答ではありません。アドレスが誤っている可能性があります。サーバーの管理者が確認する必要があります。",
  "because.upstream_too_long": "このモデルを担当する {host} から、回答の上限を超える量が届きました。",
  "because.upstream_event_too_long":
    "このモデルを担当するサーバーから、一度に{most_bytes}を超える量が届きました。これは回答ではありません。",
  "because.upstream_withholds":
    "このモデルを担当する {host} が、回答を途中で終えました。もう一度質問するか、ほかのモデルに質問してください。",

  "because.attempts_used": "失敗した回数が多すぎます。{seconds}待ってから、もう一度お試しください。",
  "because.sign_in_busy": "現在サインインする人が多すぎます。しばらくしてからもう一度お試しください。",
  "because.sign_in_wrong":
    "アドレスまたはパスワードが正しくありません。もう一度試すか、サーバーの管理者にパスワードの再設定を頼んでください。",
  "because.old_password_wrong": "現在のパスワードが正しくありません。もう一度お試しください。",
  "because.password_short": "パスワードは{characters}文字ですが、{least}文字以上必要です。長いものにしてください。",
  "because.password_long": "パスワードは{characters}文字ですが、{most}文字までです。短いものにしてください。",
  "because.email_invalid": "メールアドレスではありません。ada@example.orgのように入力してください。",
  "because.email_taken": "このアドレスのアカウントはすでにあります。そのアカウントでサインインしてください。",
  "because.name_empty": "名前が空です。1文字以上入力してください。",
  "because.name_long": "名前は{characters}文字ですが、{most}文字までです。短くしてください。",
  "because.name_hidden": "名前に目に見えない文字が含まれています。キーボードで入力してください。",
  "because.setup_done": "アカウントはすでにあります。サインインするか、オーナーに招待を頼んでください。",
  "because.setup_token_wrong": "最初のアカウントのトークンと一致しません。トークンはサーバーの起動時に表示されます。",
  "because.setup_elsewhere":
    "このサーバーの最初のアカウントは、サーバー自身のマシンでしか作成できません。そこでこのページを開くか、招待を作成してもらってください。",
  "because.no_accounts": "このサーバーはアカウントなしで動作しています。",
  "because.not_signed_in": "サインインしていません。サインインしてから、もう一度お試しください。",
  "because.session_ended": "セッションが終了しました。もう一度サインインしてください。",
  "because.session_gone": "このセッションはすでに終了しています。",
  "because.session_damaged": "このブラウザーに保存されたセッションが壊れています。もう一度サインインしてください。",
  "because.sessions_two":
    "このブラウザーから同時に2つのセッションが送られました。このサイトのCookieを削除して、もう一度サインインしてください。",
  "because.token_wrong": "サーバーがこのページを認識できませんでした。再読み込みして、もう一度お試しください。",
  "because.origin_other":
    "このページは {origin} のものですが、サーバーは自分を {host} と認識しています。間にプロキシがある場合は、Hostヘッダーをそのまま渡すようにしてください。",
  "because.page_elsewhere": "別のサイトのページからの要求です。これはサーバー自身のページ専用です。",
  "because.host_elsewhere":
    "アカウントなしでは、このサーバーは自身のマシンにだけ応答します。要求は {host} に送られました。",
  "because.origin_elsewhere":
    "アカウントなしでは、サーバー自身のマシンのページだけが使えます。このページは {origin} のものです。",
  "because.scope_lacking":
    "このアカウントには許可されていません。権限 {scope} がありません。管理者に相談してください。",
  "because.people_only": "サインインした人だけができる操作です。先にサインインしてください。",
  "because.account_gone": "このアカウントはもうありません。",
  "because.last_owner": "サインインできる最後のオーナーです。先にほかの人をオーナーにしてください。",
  "because.invitation_used": "この招待は使用済みか、期限切れか、取り消されています。新しい招待を頼んでください。",
  "because.invitation_gone": "この招待はすでに使われたか、取り消されています。",
  "because.role_unknown": "役割 {role} はありません。選べる役割：{roles}",
  "because.invitation_days": "招待の期間は1日から{most}日までです。{days}日にはできません。",
  "because.key_gone": "このAPIキーはもうありません。",
  "because.key_name_kept": "名前「{name}」は、サーバーが自分で作るキーのためのものです。ほかの名前を選んでください。",
  "because.key_name": "キーの名前は1文字から{most}文字までで、すべて目に見える文字にしてください。",
  "because.key_scope_unknown": "権限 {scope} はありません。選べる権限：{scopes}",
  "because.key_scope_none": "権限のないキーでは何もできません。選んでください。",
  "because.key_scope_lacking": "自分にない権限 {scope} をキーに与えることはできません。",
  "because.key_end_past": "キーの期限は将来の時刻にしてください。",

  "because.storage_busy": "サーバーのデータベースが混み合っています。しばらくしてからもう一度お試しください。",
  "because.storage_undone":
    "サーバーのデータベースで2つの変更が重なり、この変更は取り消されました。もう一度お試しください。",
  "because.storage_damaged":
    "サーバーのデータベースが壊れています。サーバーの管理者は最新のバックアップを復元してください。{words}",
  "because.storage_unwritable":
    "サーバーのデータベースに書き込めません。サーバーの管理者はフォルダーの権限を確認してください。{words}",
  "because.storage_old":
    "サーバーのデータベースが古いバージョンのままです。サーバーの管理者は再起動してください。{words}",
  "because.storage_disk":
    "サーバーのデータベースのディスクで問題が発生しました。詳しくはシステムのログにあり、管理者が確認できます。{words}",
  "because.storage_untaken":
    "データベースのディスクに書き込めませんでした。容量の割り当てを使い切った可能性があります。空き容量を作ってください。そうでなければ、サーバーのシステムのログに詳細があります。{words}",
  "because.storage_unusable": "サーバーのデータベースが現在利用できません。{words}",
  "because.storage_conflict": "すでにあるものと矛盾します。ページを再読み込みして、もう一度お試しください。{words}",
  "because.disk_full":
    "サーバーのディスクがいっぱいです。保存済みのものは失われていません。空き容量を作ると、また使えるようになります。",
};
