import { checkpointStoreContract } from '../contract/checkpointStore.ts';
import { newFakeLog } from '../support/fakeLog.ts';
import { storeOn } from './kafkaLives.ts';

checkpointStoreContract('the Kafka store on a log in memory', async () => {
  const log = newFakeLog();
  let stores = 0;
  return {
    newStore: () => storeOn(log, ++stores),
    failNextSave() {
      log.faults = () => {
        log.faults = undefined;
        return { now: 1, later: 0 };
      };
    },
    blockBytesMax: 300_000,
  };
});
