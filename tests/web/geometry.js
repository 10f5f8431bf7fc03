// What is wrong with the layout of this page. In: the page as it stands. Out: sentences, none where nothing is wrong.
() => {
  const faults = [];
  const name = (element) => {
    const said = element.getAttribute("aria-label") ?? element.textContent.trim();
    return `<${element.localName}${element.id ? `#${element.id}` : ""}> “${said.slice(0, 40)}”`;
  };
  const scrolls = (style) => style.overflowX === "auto" || style.overflowX === "scroll";

  // The part of an element that its ancestors leave to be seen; null where that is nothing.
  const visible = (element, box) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return null; // also: in closed details
    let [left, top, right, bottom] = [Math.max(box.left, 0), Math.max(box.top, 0), Math.min(box.right, innerWidth), Math.min(box.bottom, innerHeight)];
    for (let above = element; above; above = above.parentElement) {
      const style = getComputedStyle(above);
      if (above.inert || (style.clipPath !== "none" && style.position === "absolute")) return null; // only heard
      if (style.overflow !== "visible") {
        const pane = above.getBoundingClientRect();
        [left, top] = [Math.max(left, pane.left), Math.max(top, pane.top)];
        [right, bottom] = [Math.min(right, pane.right), Math.min(bottom, pane.bottom)];
      }
      if (style.position === "fixed") break;
    }
    return right - left > 1 && bottom - top > 1 ? { left, top, right, bottom } : null;
  };

  const page = document.scrollingElement;
  if (page.scrollWidth > innerWidth) faults.push(`the page is ${page.scrollWidth - innerWidth} px wider than its window`);

  // What floats is over the rest on purpose: then it alone is looked at.
  const floating = ["[data-radix-popper-content-wrapper]", "ol[tabindex] > li", "[role=dialog], [role=alertdialog]"];
  const root = floating.map((one) => document.querySelector(one)).find((one) => one !== null) ?? document.body;

  for (const element of root.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1) continue; // heard only
    const style = getComputedStyle(element);
    let inPane = false; // what is too wide for one is a fault of the pane, below
    for (let above = element; above && above !== document.body; above = above.parentElement) {
      const pane = getComputedStyle(above);
      inPane ||= pane.clipPath !== "none" || (above !== element && scrolls(pane));
    }
    if (!inPane && !element.closest("svg") && (box.right > innerWidth + 1 || box.left < -1)) {
      faults.push(`${name(element)} reaches out of the window`);
    }
    const hasWords = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
    const cut = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 1;
    if (hasWords && cut && style.overflowX === "hidden" && style.textOverflow !== "ellipsis" && !element.closest(".sr-only")) {
      faults.push(`${name(element)} is cut off without a sign of it`);
    }
    // A pane that scrolls down must not scroll across too, unless it is made for what is wide.
    const made = element.matches("pre, [tabindex='0'], .md-table, .katex-display, textarea, [class*=overflow-x-auto]") || element.closest("figure, [class*=overflow-x-auto], .md");
    if (cut && scrolls(style) && !made) faults.push(`${name(element)} scrolls sideways by ${element.scrollWidth - element.clientWidth} px`);
  }

  const hits = (element, x, y) => {
    const top = document.elementFromPoint(x, y);
    return top !== null && (element.contains(top) || top.contains(element) || top.closest("label")?.control === element);
  };
  for (const control of root.querySelectorAll("button, a[href], input:not([type=hidden], [type=file]), textarea, select, [role=switch], [role=menuitem]")) {
    const seen = visible(control, control.getBoundingClientRect());
    if (seen && !control.disabled && !hits(control, (seen.left + seen.right) / 2, (seen.top + seen.bottom) / 2)) {
      // A link over two lines has its middle between them.
      if (control.getClientRects().length === 1) faults.push(`${name(control)} is covered`);
    }
  }

  // A button is wide enough for each of its words. Longer ones are names that somebody gave.
  for (const button of root.querySelectorAll("button")) {
    const texts = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      for (const { 0: word, index } of node.data.matchAll(/[\p{Script=Latin}’-]{2,20}/gu)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        const tops = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
        if (tops.size > 1 && !word.includes("-")) faults.push(`${name(button)} breaks the word “${word}”`);
      }
    }
  }

  // Lines of text: none lies on another, none is covered.
  const lines = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node && lines.length < 600; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === "" || element.closest(".sr-only, .katex, math, svg, option, textarea, script, style")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      const seen = visible(element, box);
      if (!seen || seen.bottom - seen.top < 4 || seen.right - seen.left < 4) continue;
      lines.push({ element, ...seen });
      const [x, y] = [(seen.left + seen.right) / 2, (seen.top + seen.bottom) / 2];
      const passing = getComputedStyle(element).pointerEvents === "none" || element.closest(":disabled");
      const under = document.elementFromPoint(x, y)?.closest(".floats") ?? null; // the way to the latest, over what scrolls
      if (!passing && under === null && !hits(element, x, y)) faults.push(`the text of ${name(element)} is covered`);
    }
  }
  const layer = (line) => line.element.closest(".floats"); // over the page, on a ground of its own
  for (const [at, one] of lines.entries()) {
    for (const other of lines.slice(at + 1)) {
      if (layer(one) !== layer(other)) continue;
      if (one.element.contains(other.element) || other.element.contains(one.element)) continue;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > 2 && down > 6) faults.push(`${name(one.element)} and ${name(other.element)} lie on each other`);
    }
  }
  return [...new Set(faults)];
}
