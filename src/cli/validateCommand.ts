// `gruard validate` against the real cluster: the command itself knows no Kafka.

import { newLog } from '../report/log.ts';
import { checkKafka } from '../source/kafkaCheck.ts';
import { askForPartitions } from './slabLimit.ts';
import { validate } from './validate.ts';

export function validateCommand(argv: readonly string[]): Promise<number> {
  return validate(argv, async (settings) => {
    const log = newLog({ ...settings.log, level: 'error' });
    const problems = await checkKafka(settings, log);
    return { problems, partitionsOf: problems.length > 0 ? undefined : await askForPartitions(settings, log) };
  });
}
