/** Which columns of a table hold numbers. In: cells as text. Out: true for each column that is to stand to the right. */

const NUMBER =
  /^[-+−–±~≈<>]?\s*(?:[€$£¥₹]|CHF|USD|EUR)?\s*[-+−]?\d[\d.,'’\u00a0\u202f ]*(?:[eE][-+]?\d+)?\s*(?:[%‰°€$£¥₹×]|[\p{L}µ²³/°]{1,5})?$/u;
const NOTHING = /^(?:|[-–—−]|n\/?a|\?)$/i;

/** A column of numbers has at least one, and nothing else but signs for "none". */
export function numericColumns(rows: readonly (readonly string[])[], width: number): boolean[] {
  return Array.from({ length: width }, (_, column) => {
    let numbers = 0;
    for (const row of rows) {
      const cell = (row[column] ?? "").trim();
      if (cell.length <= 40 && NUMBER.test(cell)) numbers++;
      else if (!NOTHING.test(cell)) return false;
    }
    return numbers > 0;
  });
}
