import type { common as words } from "../en/common";

export const common: Record<keyof typeof words, string> = {
  "common.after": "{first}{second}",
  "common.cancel": "キャンセル",
  "common.save": "保存",
  "common.close": "閉じる",
  "common.copied": "コピーしました",
  "common.delete": "削除",
  "common.undo": "元に戻す",
  "common.retry": "再試行",
  "common.loading": "読み込み中",
  "common.more": "その他",
  "keys.delete": "Del",
  "keys.enter": "Enter",
  "keys.escape": "Esc",
  "keys.shift": "Shift",
};
