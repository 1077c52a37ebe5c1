// `gruard validate` against the real cluster: the command itself knows no Kafka.

import { newLog } from '../report/log.ts';
import { checkKafka } from '../source/kafkaCheck.ts';
import { validate } from './validate.ts';

export function validateCommand(argv: readonly string[]): Promise<number> {
  return validate(argv, (settings) => checkKafka(settings, newLog({ ...settings.log, level: 'error' })));
}
