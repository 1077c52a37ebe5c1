// Every failure that a user can meet, in one closed table. Only the code becomes a label; the remedy is for people.

interface ErrorClass {
  /** Process exit code when this ends the program (sysexits). */
  readonly exit: number;
  readonly retryable: boolean;
  readonly remedy: string;
}

export const ERRORS = {
  usage: { exit: 2, retryable: false, remedy: 'See `gruard --help`.' },
  config_invalid: { exit: 78, retryable: false, remedy: 'Mend the configuration; `gruard validate FILE` checks it.' },
  input_missing: { exit: 66, retryable: false, remedy: 'Check the path and that this user may read it.' },
  data_invalid: { exit: 65, retryable: false, remedy: 'The first line names the columns, like timestamp,value,label.' },
  output_unwritable: {
    exit: 73,
    retryable: false,
    remedy: 'Choose another directory with --out, or make it writable.',
  },
  port_busy: { exit: 69, retryable: false, remedy: 'Choose another address with --listen HOST:PORT (port 0 = any).' },
  listen_open: {
    exit: 78,
    retryable: false,
    remedy: 'Set http.auth, listen on 127.0.0.1, or say --anonymous (http.anonymous) where everybody may read.',
  },
  node_too_old: { exit: 69, retryable: false, remedy: 'Run gruard with Node 22.18 or newer.' },
  broker_unavailable: { exit: 69, retryable: true, remedy: 'Check kafka.brokers; gruard keeps trying.' },
  topic_missing: {
    exit: 69,
    retryable: true,
    remedy: 'Create the topic, mend its name, or let this user see it; gruard keeps looking.',
  },
  kafka_auth: { exit: 77, retryable: true, remedy: 'Check kafka.sasl, kafka.tls and the ACLs of this user.' },
  batch_unreadable: {
    exit: 65,
    retryable: true,
    remedy: 'gruard looks at it every minute; kafka.on_bad_batch: skip goes past it.',
  },
  kafka_crash: { exit: 1, retryable: true, remedy: 'gruard restarts the consumer; see the cause.' },
  state_unwritable: { exit: 73, retryable: false, remedy: 'Make state.dir writable, or choose another one.' },
  state_busy: { exit: 73, retryable: false, remedy: 'Another gruard uses this state.dir; give each process its own.' },
  topic_recreated: {
    exit: 1,
    retryable: true,
    remedy: 'The older state is left; without a reason to delete the topic, ask who did.',
  },
  state_newer: {
    exit: 73,
    retryable: false,
    remedy: 'This state was written by a newer gruard: upgrade, or move it away.',
  },
  state_damaged: {
    exit: 1,
    retryable: true,
    remedy: 'The previous checkpoint is used; the damaged file is kept aside.',
  },
  checkpoint_failed: {
    exit: 1,
    retryable: true,
    remedy: 'Check disk space and state.dir, or the state topic; the older checkpoint stays.',
  },
  state_taken: {
    exit: 1,
    retryable: true,
    remedy: 'Another process owns the partition now; gruard joins its group anew and restores what it gets.',
  },
  state_topic: {
    exit: 78,
    retryable: false,
    remedy: 'Mend the state topic, or let gruard create another one: state.kafka.topic.',
  },
  kernel_missing: {
    exit: 69,
    retryable: false,
    remedy: 'Set model.backend to auto or js, or run Node 22.18 or newer on a processor with SSE4.1 or NEON.',
  },
  memory_limit: {
    exit: 78,
    retryable: false,
    remedy: 'Lower limits.series, model.hidden or model.layers, or raise limits.memory.',
  },
  lane_failed: { exit: 1, retryable: true, remedy: 'gruard restarts the lane from its last checkpoint.' },
  internal: { exit: 1, retryable: false, remedy: 'Please report this with the log above.' },
} as const satisfies Record<string, ErrorClass>;

export type ErrorCode = keyof typeof ERRORS;

/** A failure with a code of the table. `message` says what and where; `cause` what was underneath. */
export class GruardError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'GruardError';
    this.code = code;
  }
}

/** For the end of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
