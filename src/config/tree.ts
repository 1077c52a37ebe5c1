// A configuration as it was written: values that know where they stand, so that an error can point at them even after
// several files became one.

/** One file, or one of several. `secrets` are ranges of `text` that are never shown. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
  readonly secrets: (readonly [start: number, end: number])[];
}

/** A range of a file's text, end exclusive. */
export interface Place {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}

interface MapTree {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly keyPlace: Place;
  readonly tree: Tree;
}

interface ListTree {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly Tree[];
}

export type Scalar = string | number | boolean | null;

interface ScalarTree {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: Scalar;
  /** As it stands in the file, without quotes. */
  readonly written: string;
  /** Ways to read a text that was put in place of `${…}`, in order of preference; undefined without one. */
  readonly readings: readonly Scalar[] | undefined;
  readonly secret: boolean;
}

export type Tree = MapTree | ListTree | ScalarTree;
export type KeyPath = readonly (string | number)[];

/** The tree at `path`; undefined where there is none. */
export function treeAt(root: Tree, path: KeyPath): Tree | undefined {
  let tree: Tree | undefined = root;
  for (const step of path) {
    if (tree?.kind === 'map') tree = tree.entries.get(String(step))?.tree;
    else if (tree?.kind === 'list' && typeof step === 'number') tree = tree.items[step];
    else return undefined;
  }
  return tree;
}

/** Where the key of `path` stands; undefined for elements of lists and for what is not there. */
export function keyPlaceAt(root: Tree, path: KeyPath): Place | undefined {
  const parent = treeAt(root, path.slice(0, -1));
  return parent?.kind === 'map' ? parent.entries.get(String(path.at(-1)))?.keyPlace : undefined;
}

/** What to mark for the value at `path`: scalars themselves, the key of everything that has more than one line. */
export function valuePlaceAt(root: Tree, path: KeyPath): Place | undefined {
  const tree = treeAt(root, path);
  if (tree === undefined) return undefined;
  const { place } = tree;
  const marksItself = tree.kind === 'scalar' && place.end > place.start;
  return marksItself ? place : (keyPlaceAt(root, path) ?? place);
}

/** The nearest thing around `path` that is there. */
export function parentPlaceAt(root: Tree, path: KeyPath): Place {
  for (let length = path.length - 1; length > 0; length--) {
    const place = valuePlaceAt(root, path.slice(0, length));
    if (place !== undefined) return place;
  }
  return { ...root.place, end: root.place.start };
}

/** `streams.orders.where["$.name"]`. */
export function keyText(path: KeyPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step.length > 60 ? `${step.slice(0, 60)}…` : step)}]`;
  }
  return text;
}

/**
 * Two files as one: maps are merged deeply, of everything else the later one stays. `clash` is told about keys that
 * only one file may have.
 */
export function mergeTrees(
  earlier: Tree,
  later: Tree,
  isOnce: (path: KeyPath) => boolean,
  clash: (path: KeyPath, place: Place, first: Place) => void,
  path: KeyPath = [],
): Tree {
  if (earlier.kind !== 'map' || later.kind !== 'map') return later;
  const entries = new Map(earlier.entries);
  for (const [key, entry] of later.entries) {
    const before = entries.get(key);
    const here = [...path, key];
    if (before === undefined) {
      entries.set(key, entry);
    } else if (isOnce(here)) {
      clash(here, entry.keyPlace, before.keyPlace);
    } else {
      entries.set(key, { ...entry, tree: mergeTrees(before.tree, entry.tree, isOnce, clash, here) });
    }
  }
  return { ...earlier, entries };
}
