/**
 * Messages with parent ids come in (any order, perhaps broken); a tree goes out: paths, siblings and leaves.
 *
 * Nothing here trusts its input. A parent that is not there makes a root; a cycle is cut at its first message; an id
 * that comes twice is taken once. Order among siblings is the order of the list, never the clock.
 */

export interface Branching {
  id: string;
  parent: string | null;
  role: "user" | "assistant";
}

export interface Tree {
  /** Place of each message in the list it came from: later is newer. */
  readonly place: ReadonlyMap<string, number>;
  readonly role: ReadonlyMap<string, Branching["role"]>;
  /** The mended parent: null for a root. */
  readonly parent: ReadonlyMap<string, string | null>;
  /** Children by the mended parent, oldest first; the roots stand under null. */
  readonly children: ReadonlyMap<string | null, readonly string[]>;
}

const NONE: readonly string[] = [];

/**
 * The tree of a list of messages, in time linear in its length.
 *
 * buildTree([a, b→a, c→a]) has children.get("a") = ["b", "c"]
 */
export function buildTree(messages: readonly Branching[]): Tree {
  const place = new Map<string, number>();
  const role = new Map<string, Branching["role"]>();
  const stated = new Map<string, string | null>();
  for (const message of messages) {
    if (place.has(message.id)) continue;
    place.set(message.id, place.size);
    role.set(message.id, message.role);
    stated.set(message.id, message.parent);
  }
  const parent = mendedParents(stated);
  const children = new Map<string | null, string[]>();
  for (const [id, above] of parent) {
    const siblings = children.get(above);
    if (siblings) siblings.push(id);
    else children.set(above, [id]);
  }
  return { place, role, parent, children };
}

/** Cuts what does not lead to a root: unknown parents, and each cycle at the message of it that was met first. */
function mendedParents(stated: ReadonlyMap<string, string | null>): Map<string, string | null> {
  const parent = new Map<string, string | null>();
  for (const [id, above] of stated) parent.set(id, above !== null && stated.has(above) ? above : null);
  const settled = new Set<string>();
  for (const start of parent.keys()) {
    const walked = new Set<string>();
    let at: string | null = start;
    while (at !== null && !settled.has(at)) {
      if (walked.has(at)) {
        parent.set(at, null);
        break;
      }
      walked.add(at);
      at = parent.get(at) ?? null;
    }
    for (const id of walked) settled.add(id);
  }
  return parent;
}

/** From the root to a message. An unknown id gives the path to the newest leaf of all; an empty tree gives []. */
export function pathTo(tree: Tree, leaf: string | null): string[] {
  let at = leaf !== null && tree.place.has(leaf) ? leaf : newestLeaf(tree, null);
  const path: string[] = [];
  while (at !== null) {
    path.push(at);
    at = tree.parent.get(at) ?? null;
  }
  return path.reverse();
}

/** Versions of a message: same parent and same role, oldest first, itself among them. Unknown: []. */
export function siblings(tree: Tree, id: string): readonly string[] {
  const role = tree.role.get(id);
  if (role === undefined) return NONE;
  return (tree.children.get(tree.parent.get(id) ?? null) ?? NONE).filter((other) => tree.role.get(other) === role);
}

export interface Place {
  /** From 1, as it is read: "2 / 3". */
  number: number;
  of: number;
  previous: string | null;
  next: string | null;
}

/** Where a message stands among its versions. */
export function placeAmong(tree: Tree, id: string): Place {
  const all = siblings(tree, id);
  const index = all.indexOf(id);
  return { number: index + 1, of: all.length, previous: all[index - 1] ?? null, next: all[index + 1] ?? null };
}

/**
 * The newest message without children at or under a node; null stands for the whole tree.
 * It is where a person who turns to this branch wants to be.
 */
export function newestLeaf(tree: Tree, id: string | null): string | null {
  if (id !== null && !tree.place.has(id)) return null;
  const open = id === null ? [...(tree.children.get(null) ?? NONE)] : [id];
  let best: string | null = null;
  let bestPlace = -1;
  // An explicit stack: a conversation of 100,000 turns is deeper than the call stack.
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const below = tree.children.get(at) ?? NONE;
    if (below.length > 0) {
      for (const child of below) open.push(child);
      continue;
    }
    const place = tree.place.get(at) ?? -1;
    if (place > bestPlace) {
      best = at;
      bestPlace = place;
    }
  }
  return best;
}
