export const common = {
  "common.cancel": "Cancel",
  "common.save": "Save",
  "common.close": "Close",
  "common.copied": "Copied",
  "common.delete": "Delete",
  "common.undo": "Undo",
  "common.retry": "Try again",
  "common.loading": "Loading",
  "common.more": "More",
};
