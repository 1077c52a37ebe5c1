// The process as prom-client knows it: memory, CPU, files, event loop, garbage. Nothing with labels from Kafka may
// enter its registry (see `exposition.ts`).

import { collectDefaultMetrics, Registry } from 'prom-client';

/** Gauges that are named like counters, and repeat the sum of their neighbours. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Starts to observe the process; the answer writes `process_*` and `nodejs_*` as text 0.0.4. */
export function observeProcess(): () => Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  // Means of an event loop that was not measured yet; a NaN that Prometheus stores breaks comparisons later.
  return async () => (await registry.metrics()).replace(/^.* nan$\n?/gim, '');
}
