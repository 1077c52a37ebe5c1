// THE schema: every key of the configuration, its default and its meaning. All else is derived from it or tested
// against it: the JSON Schema for editors, the documented default configuration, the errors.

import * as z from 'zod';
import { Stream, StreamDefaults } from './streamSchema.ts';
import {
  address,
  choice,
  duration,
  flag,
  passwordHash,
  secret,
  size,
  streamName,
  text,
  topicName,
  userName,
  whole,
} from './values.ts';
import { told } from './words.ts';

const PEM_FIX = 'Write the path of a PEM file.';
const pemFile = () => text('be the path of a PEM file', PEM_FIX);

const oauth = z.strictObject({
  file: text('be the path of a file', 'Write the path of a file that holds a token and nothing else.')
    .optional()
    .describe('File with a token. Read again for each login, so that somebody may renew it.'),
  url: told(
    z.string().refine((value) => URL.canParse(value) && /^https?:\/\/[^@]*$/.test(value)),
    'be an address that begins with https:, without a user',
    'Write the address where the authorisation server gives tokens.',
  )
    .optional()
    .describe('In place of a file: where the authorisation server gives tokens (grant type client_credentials).'),
  client_id: text('be a text', 'Write who asks for tokens.').optional().describe('Who asks there.'),
  client_secret: secret().optional().describe(`Take it from "\${file:/path}" or "\${env:NAME}". Never shown.`),
  scope: text('be a text', 'Write the scopes, with spaces between them.').optional().describe('What is asked for.'),
  ca: pemFile().optional().describe('Authorities to trust there in place of those of the system.'),
});

const sasl = z.strictObject({
  mechanism: choice(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer']).describe('As the brokers want it.'),
  username: text('be a text', 'Write the name of the user.').optional().describe('Who logs in.'),
  password: secret().optional().describe(`Take it from "\${file:/path}" or "\${env:NAME}". Never shown.`),
  oauth: oauth.optional().describe('For oauthbearer, in place of a user: where tokens come from.'),
});

const kafka = z.strictObject({
  brokers: told(
    z.array(address(1, 'kafka-1:9092')).min(1).max(100),
    'be a list of HOST:PORT',
    'Write it like [kafka-1:9092, kafka-2:9092].',
  )
    .prefault(['localhost:9092'])
    .describe('Some brokers of the cluster; the others are found.'),
  group: text('be a text of 1 to 249 characters', 'Write a name.', /^\P{Cc}{1,249}$/u)
    .prefault('gruard')
    .describe('Consumer group. One group = one deployment.'),
  tls: told(
    z.union([
      z.boolean(),
      z.strictObject({
        ca: pemFile().optional().describe('Authorities to trust in place of those of the system.'),
        cert: pemFile().optional().describe('Own certificate, for mutual TLS. Needs `key`.'),
        key: pemFile().optional().describe('Its private key.'),
        insecure: flag().prefault(false).describe('Accepts any certificate. For tests only.'),
      }),
    ]),
    'be true, false or { ca, cert, key, insecure }',
    'true is TLS with the authorities of the system.',
  )
    .prefault(false)
    .describe('Encrypted connections.'),
  sasl: sasl.optional().describe('Logging in at the brokers. Default: without.'),
  on_bad_batch: choice(['pause', 'skip'])
    .prefault('pause')
    .describe('A batch that is damaged or unpacks to more than 16 MiB: its partition waits for you, or it is skipped.'),
  verify_crc: flag().prefault(false).describe('Compares each batch with its checksum: 0.2 µs a record of 140 bytes.'),
});

const topicMap = (about: string) =>
  z
    .strictObject({ topic: topicName.describe('Name of the topic. It must exist.') })
    .optional()
    .describe(about);

export const Config = z.strictObject({
  version: told(z.literal(1), 'be 1', 'Write version: 1, or leave it out.')
    .prefault(1)
    .describe('Rises when old files would mean something else.'),
  kafka: kafka.prefault({}).describe('The cluster.'),
  lanes: told(
    z.union([z.literal('auto'), z.int().min(1).max(64)]),
    'be auto, or a whole number from 1 to 64',
    'auto is one less than there are cores.',
  )
    .prefault('auto')
    .describe('Worker threads. auto = cores - 1, at least 1.'),
  limits: z
    .strictObject({
      memory: told(
        z.union([z.literal('auto'), size('1MiB', '1TiB')]),
        'be auto, or a size from 1 MiB to 1 TiB',
        'Write it like 512MiB; auto is half of what the machine or container has.',
      )
        .prefault('auto')
        .describe('For the models of all streams, checked at start. auto = half of what the machine or container has.'),
    })
    .prefault({})
    .describe('Bounds of the process.'),
  defaults: StreamDefaults.prefault({}).describe('Merged into every stream; presets and the keys of the stream win.'),
  streams: told(
    z.record(streamName, Stream).refine((streams) => Object.keys(streams).length > 0),
    'be a map with at least one stream',
    'Write a stream, like streams: { orders: { topic: orders, value: $.total } }.',
  ).describe('What to watch, by name.'),
  overload: z
    .strictObject({
      learning: choice(['keep', 'shed'])
        .prefault('keep')
        .describe('More than 5 min of event time behind: learn on, or leave out training to catch up. Scores go on.'),
    })
    .prefault({})
    .describe('What to do when more comes than the lanes can take.'),
  sinks: z
    .strictObject({
      events: topicMap('Anomaly events, as JSON.'),
      rejects: topicMap('Records that could not be decoded, whole, with the reason in their headers.'),
    })
    .prefault({})
    .describe('Topics that gruard writes. Without them, events are metrics and lines only.'),
  state: z
    .strictObject({
      store: choice(['file', 'kafka'])
        .prefault('file')
        .describe('Where checkpoints are kept: files of this machine; topics, so that models move between machines.'),
      dir: text('be the path of a directory', 'Write a path like /var/lib/gruard.')
        .optional()
        .describe('Directory of the checkpoints. Default: $STATE_DIRECTORY, else ./gruard-state.'),
      every: duration('1s', '1h').prefault('10s').describe('Time between two checkpoints.'),
      keep: whole(1, 100, '2 is enough to survive a damaged file.')
        .prefault(2)
        .describe('Checkpoints that are kept for each partition.'),
      kafka: z
        .strictObject({
          topic: text(
            'be letters, digits, . _ - and {group}, with {topic} in it',
            'Write it like gruard-{group}-{topic}-state.',
            /^(?=.*\{topic\})(?:[A-Za-z0-9._-]|\{group\}|\{topic\}){1,200}$/,
          )
            .prefault('gruard-{group}-{topic}-state')
            .describe('Name of the topic that holds the state of an input topic. It is made when it is missing.'),
          replication: whole(1, 100, 'It is the number of brokers that keep a copy.')
            .prefault(3)
            .describe('Copies of a state topic that gruard makes.'),
        })
        .prefault({})
        .describe('For store: kafka.'),
    })
    .prefault({})
    .describe('What survives a restart.'),
  metrics: z
    .strictObject({
      detail: choice(['bands', 'score', 'none'])
        .prefault('bands')
        .describe('What is exported for each series: score, value and band; the score; nothing.'),
      series_budget: whole(0, 100_000, 'Prometheus keeps each of them as up to six series.')
        .prefault(1000)
        .describe('Series of a stream that are exported.'),
    })
    .prefault({})
    .describe('What /metrics shows.'),
  http: z
    .strictObject({
      listen: address(0, '127.0.0.1:9464 or 0.0.0.0:9464')
        .prefault('127.0.0.1:9464')
        .describe('Where /metrics, /healthz and /readyz are.'),
      anonymous: flag()
        .prefault(false)
        .describe('Everybody may read who reaches the address. Without it and without auth: this machine only.'),
      tls: z
        .strictObject({
          cert: pemFile().describe('Certificate of the listener, with those between it and the authority.'),
          key: pemFile().describe('Its private key.'),
        })
        .optional()
        .describe('Encrypted connections. The files are read again when they change.'),
      auth: z
        .strictObject({
          bearer: secret(16).optional().describe('Token that readers must send. Take it from a file. Never shown.'),
          basic: z
            .record(userName, passwordHash)
            .optional()
            .describe('Users and their passwords, as `gruard config hash` makes them.'),
        })
        .optional()
        .describe('Who may read. Default: who reaches the address.'),
    })
    .prefault({})
    .describe('The one listener.'),
  log: z
    .strictObject({
      level: choice(['debug', 'info', 'warn', 'error']).prefault('info').describe('Least level that is written.'),
      format: choice(['auto', 'pretty', 'json']).prefault('auto').describe('auto = pretty on a terminal, else JSON.'),
    })
    .prefault({})
    .describe('Log lines go to standard error.'),
});

export type ConfigInput = z.input<typeof Config>;
export type ConfigOutput = z.output<typeof Config>;

/** JSON Schema of what files may hold, for editors: `config/gruard.schema.json` is this. */
export function generatedJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(Config, { io: 'input' });
  return { $schema, title: 'Configuration of gruard', ...rest };
}
