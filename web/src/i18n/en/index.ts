import { account } from "./account";
import { common } from "./common";
import { errors } from "./errors";
import { markdown } from "./markdown";
import { reasons } from "./reasons";
import { shell } from "./shell";
import { thread } from "./thread";

/** Keys are "area.name"; each area has a file of its own. */
export const en = { ...account, ...common, ...errors, ...markdown, ...reasons, ...shell, ...thread };
