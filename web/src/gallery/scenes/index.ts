/** Every scene, in the order of the list. */
import type { Scene } from "../scene";
import { ACCOUNT } from "./account";
import { MARKDOWN } from "./markdown";
import { PARTS } from "./parts";
import { SHELL } from "./shell";
import { THREAD } from "./thread";

export const SCENES: readonly Scene[] = [...PARTS, ...MARKDOWN, ...THREAD, ...SHELL, ...ACCOUNT];
