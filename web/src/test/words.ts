/** Every language is loaded before a test begins: a page would have awaited the one it speaks (main.tsx). */
import { loadWords } from "@/i18n";

await Promise.all((["en", "fr", "ja"] as const).map(loadWords));
