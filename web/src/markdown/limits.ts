/** How much of an answer is laid out. In: nothing. Out: sizes, each with what goes wrong without it. */

/** Characters of an answer read as Markdown; what follows is shown as its source. */
export const MAX_TEXT = 400_000;

/** Characters of one inline run lexed together. marked is quadratic in runs of brackets, stars and backticks. */
export const MAX_RUN = 3_000;

/** Of these characters, those that may open something (brackets, stars, dollars …): 3,000 of them take 40 times as long as 400. */
export const MAX_MARKS = 400;

/** Characters without a blank line lexed as one stretch of blocks; marked joins lines to a paragraph in quadratic time. */
export const MAX_STRETCH = 16_000;

/** Lists and quotes inside one another. Each level lexes its text again, so depth multiplies the work. */
export const MAX_DEPTH = 16;

/** Emphasis and links inside one another. */
export const MAX_INLINE_DEPTH = 12;

/** Elements one block may become; a larger one is shown as its source. A page lays out about 100 a millisecond. */
export const MAX_NODES = 12_000;

/** Elements shown before the reader asks for more. */
export const MAX_SHOWN = 24_000;

/** Columns of a table, and cells: marked fills every short row up to the width of the head. */
export const MAX_COLUMNS = 64;
export const MAX_CELLS = 10_000;

/** Characters of one formula. */
export const MAX_TEX = 4_000;

/** Elements one formula may become. */
export const MAX_MATH_NODES = 4_000;

/** Lines of code shown before the reader asks for more. */
export const FOLD_LINES = 80;

/** Lines and characters of a code block that are coloured; a longer one stays plain. */
export const MAX_COLORED_LINES = 4_000;
export const MAX_COLORED = 200_000;

/** Characters of one coloured line (minified files). */
export const MAX_COLORED_LINE = 2_000;

/** Characters of a link's address. */
export const MAX_ADDRESS = 2_000;
