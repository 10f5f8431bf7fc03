// What a finger would miss. In: the page as it stands, and how large a target is, px. Out: sentences, none where every control is that large.
(size) => {
  const faults = [];
  const name = (element) => (element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 40) || element.id;
  const floating = ["[data-radix-popper-content-wrapper]", "ol[tabindex] > li", "[role=dialog], [role=alertdialog]"];
  const root = floating.map((one) => document.querySelector(one)).find((one) => one !== null) ?? document.body;
  const panes = (element) => {
    const all = [];
    for (let one = element.parentElement; one; one = one.parentElement) if (getComputedStyle(one).overflowY !== "visible") all.push(one.getBoundingClientRect());
    return all;
  };
  const controls = "button, a[href], summary, input:not([type=hidden], [type=file]), select, textarea, [role^=menuitem], [role=option]";
  for (const control of root.querySelectorAll(controls)) {
    const style = getComputedStyle(control);
    if (control.disabled || !control.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (style.display === "inline" && !control.matches(".touch")) continue; // of a line of text: WCAG lets it be as high as the line
    const box = control.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1 || control.closest(".sr-only")) continue;
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const reach = size / 2 - 1;
    const clips = [...panes(control), new DOMRect(0, 0, innerWidth, innerHeight)];
    for (const [across, down] of [[0, -reach], [0, reach], [-reach, 0], [reach, 0]]) {
      const [left, top] = [x + across, y + down];
      // Scrolled half away, out of the page or a list: what lies there is seen by nobody, whatever is drawn in its place.
      if (clips.some((clip) => left < clip.left + 1 || top < clip.top + 1 || left > clip.right - 1 || top > clip.bottom - 1)) continue;
      const hit = document.elementFromPoint(left, top);
      const label = hit?.closest("label")?.control === control;
      // Another control begins here; a pane's edge or what floats cuts it off.
      const cut = hit !== null && (hit.closest(controls) !== null || hit.contains(control) === false);
      if (hit !== null && !control.contains(hit) && !label && !cut) {
        faults.push(`“${name(control)}” <${control.localName}> of ${Math.round(box.width)} × ${Math.round(box.height)} px is not ${size} px`);
        break;
      }
    }
  }
  return [...new Set(faults)];
}
