// How the daemon as a whole is, as its supervisor knows it.

/** Written by the supervisor. */
export interface Condition {
  stopping: boolean;
  /** Lanes that are given up, with what broke them. */
  readonly fatal: Map<number, string>;
  /** Lanes that do not move, since when, and where they stand. */
  readonly still: Map<number, { readonly seconds: number; readonly where: string }>;
}

export function newCondition(): Condition {
  return { stopping: false, fatal: new Map(), still: new Map() };
}
