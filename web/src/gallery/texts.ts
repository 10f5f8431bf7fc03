/** Texts of the scenes: of every length and script, and hostile ones. */

/** The answer of the drawing that the page is measured by. */
export const LETTER = `Heating cost **€48,210** this year, 6 % less than last year. All of the saving comes from Quay 4, where the new pump has run since March.[^1]

| Building | 2025 | 2026 | Change |
| :--- | ---: | ---: | ---: |
| Quay 4 | €21,900 | €17,640 | −19 % |
| Mill Lane | €16,050 | €16,480 | +3 % |
| Old School | €13,390 | €14,090 | +5 % |

The sum is reproducible; this is the code that ran:

\`\`\`python
# rows come from page 5
for name, group in rows.groupby("building"):
    print(name, group.cost.sum())
\`\`\`

[^1]: Page 5 of the report.`;

/** One of everything that Markdown has. */
export const EVERYTHING = `# First heading
## Second heading
### Third heading
A paragraph with **strong**, *stressed*, ~~struck~~ and \`code\`, [a link](https://example.org/page) and a line<br>break.

> A quotation
> of two lines, with \`code\`.

1. One
2. Two
   - nested, with a [link](https://example.org)
   - [ ] to do
   - [x] done

\`\`\`ts
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0); // a comment that is long enough to scroll on a phone and on a tablet
}
\`\`\`

Inline $e^{i\\pi} + 1 = 0$, and on its own:

$$\\int_0^\\infty \\frac{x^3}{e^x - 1}\\,dx = \\frac{\\pi^4}{15}$$

| Left | Centre | Right |
| :--- | :---: | ---: |
| a | b | 1,234.50 |
| a cell with many words in it that wraps | c | 7 |

---

![A picture](https://example.org/picture.png) and a note[^n].

[^n]: What the note says.`;

export const LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(3);

export const WIDE = `An address that does not end: https://example.org/${"a".repeat(180)} and ${LONG_WORD}.

| ${Array.from({ length: 14 }, (_, column) => `Column ${column + 1}`).join(" | ")} |
|${" --- |".repeat(14)}
| ${Array.from({ length: 14 }, (_, column) => `value ${column + 1}`).join(" | ")} |

\`\`\`
${"a line of code that does not end ".repeat(12)}
\`\`\`

\`${"inline_code_without_a_blank_".repeat(8)}\`

$$a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w + x + y + z + \\alpha + \\beta + \\gamma = 0$$`;

export const HOSTILE = `<script>alert(1)</script> <img src=x onerror=alert(1)> <b style="position:fixed;inset:0">all over</b>

[click](javascript:alert(1)) [data](data:text/html,<script>alert(1)</script>) <a href="https://evil.example">raw</a>

![](https://evil.example/track.gif) \`</code><script>alert(1)</script>\`

Direction marks: \u202Eevil\u202C and zero\u200Bwidth. ${"Z̸̢̛͉͔̫̙̈́͑̽͗a̷̢͇̎l̵̰̓g̵͙̈́o̶̙͠ ".repeat(3)}

$\\href{javascript:alert(1)}{x}$ and $$\\kern{9999em}x$$

${"> ".repeat(30)}deep`;

export const JAPANESE = `賃貸契約の要約です。**重要な点**は三つあります。

1. 契約期間は二〇二六年四月一日から二年間です。
2. 更新料は家賃の一か月分で、更新の三か月前までに書面で通知する必要があります。
3. 解約する場合は、\`解約通知書\`を一か月前までに提出してください。

| 項目 | 金額 |
| --- | ---: |
| 家賃 | 98,000円 |
| 管理費 | 5,000円 |

> 詳しくは契約書の第七条をご覧ください。`;

export const ARABIC = `هذا ملخص لعقد الإيجار. **النقاط المهمة** ثلاث:

1. مدة العقد سنتان تبدأ في الأول من أبريل 2026.
2. رسوم التجديد تعادل إيجار شهر واحد، مع ذكر \`contract.pdf\` في الرسالة.
3. يجب إرسال إشعار الإلغاء قبل شهر (انظر [المادة 7](https://example.org)).

| البند | المبلغ |
| --- | ---: |
| الإيجار | 980 |

> اقتباس قصير من العقد.

\`\`\`python
print("left to right")
\`\`\``;

export const HEBREW = "שלום! מה ההבדל בין list ל־tuple ב־Python?";
