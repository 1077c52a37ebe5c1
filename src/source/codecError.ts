// Why compressed bytes were not unpacked.

/** They hold more than they may. Thrown before more than the limit is allocated. */
export class OutputLimitError extends Error {
  constructor(limit: number) {
    super(`holds more than ${limit} bytes`);
    this.name = 'OutputLimitError';
  }
}

/** They are not what their codec writes. */
export class DamagedError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'DamagedError';
  }
}
