import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { newScraping, type Rendering } from '../../src/report/scrape.ts';
import { handClock } from './synthetic.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

function rendering(text: AsyncIterable<string>, shown = () => {}): Rendering {
  return {
    text,
    shown() {
      shown();
      return Promise.resolve();
    },
  };
}

/** Scrapes of a render that is held back until the test calls `release`, and timers that fire when it calls `ring`. */
async function held(body = 'x 1\n') {
  let renders = 0;
  let shown = 0;
  const timers: { readonly ms: number; readonly act: () => void }[] = [];
  let release: () => void = () => {};
  const clock = handClock();
  async function* write(): AsyncGenerator<string> {
    renders += 1;
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    clock.advance(5);
    yield body;
  }
  const scraping = newScraping(
    () => rendering(write(), () => (shown += 1)),
    clock,
    (ms, act) => void timers.push({ ms, act }),
  );
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    scraping.answer(request, response).catch(() => response.destroy());
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const scrape = async (headers = {}): Promise<IncomingMessage> => {
    const [response] = (await once(get({ port, headers, agent: false }), 'response')) as [IncomingMessage];
    return response;
  };
  const arrived = async (count: number) => {
    while (asked < count) await new Promise((resume) => setImmediate(resume));
  };
  const ring = (): number => {
    const { ms, act } = timers.shift() ?? { ms: Number.NaN, act: () => {} };
    clock.advance(ms);
    act();
    return ms;
  };
  const facts = { renders: () => renders, shown: () => shown, timers: () => timers.length };
  return { scraping, clock, scrape, port, arrived, ...facts, release: () => release(), ring };
}

describe('scrapes', () => {
  it('share one render, and refuse a third while two are in flight', async () => {
    const { scraping, scrape, arrived, renders, release } = await held();
    const two = [scrape(), scrape()];
    await arrived(2);
    const third = await scrape();
    expect([third.statusCode, third.headers['retry-after']]).toEqual([503, '1']);
    third.resume();
    release();
    const bodies = await Promise.all(two.map(async (response) => text(await response)));
    expect(bodies).toEqual(['x 1\n', 'x 1\n']);
    expect(renders()).toBe(1);
    expect(scraping.stats()).toEqual({ seconds: 0.005, rejected: 1 });
  });

  it('reuse a render for a second, then make another one', async () => {
    const { clock, scrape, arrived, renders, release } = await held();
    for (const [count, waitMs, expected] of [
      [1, 999, 1],
      [2, 1, 1],
      [3, 0, 2],
    ] as const) {
      const response = scrape();
      await arrived(count);
      release();
      await text(await response);
      expect(renders()).toBe(expected);
      clock.advance(waitMs);
    }
  });

  it('are written ahead, half a second after the last one, for as long as somebody has asked lately', async () => {
    const { clock, scrape, arrived, renders, shown, timers, release, ring } = await held();
    ring(); // the timer of the start, for a reader who has not come yet
    const first = scrape();
    await arrived(1);
    release();
    await text(await first);
    expect([renders(), shown(), timers()]).toEqual([1, 1, 1]);
    for (let n = 2; n <= 4; n++) {
      expect(ring()).toBe(500);
      expect(renders()).toBe(n);
      // Meanwhile the one before is the answer.
      await text(await scrape());
      release();
      await expect.poll(timers).toBe(1);
    }
    expect(shown()).toBe(3);
    clock.advance(150_000);
    ring();
    expect([renders(), timers()]).toEqual([4, 0]);
    // Whoever comes then waits for a new one, and it begins again.
    const late = scrape();
    await arrived(5);
    release();
    await text(await late);
    expect([renders(), timers()]).toEqual([5, 1]);
  });

  it('are there before the first one asks', async () => {
    const { scrape, renders, release, ring } = await held();
    expect(ring()).toBe(500);
    expect(renders()).toBe(1);
    release();
    expect(await text(await scrape())).toBe('x 1\n');
    expect(renders()).toBe(1);
  });

  it('are written seldom when writing takes long, and are no older than twice that', async () => {
    const { clock, scrape, arrived, renders, timers, release, ring } = await held();
    const first = scrape();
    await arrived(1);
    clock.advance(95);
    release();
    await text(await first);
    clock.advance(3999);
    await text(await scrape());
    expect(renders()).toBe(1);
    clock.advance(1);
    const second = scrape();
    await arrived(3);
    clock.advance(5000);
    release();
    await text(await second);
    expect([renders(), timers()]).toEqual([2, 3]);
    // The timers of the start and of the first one are too late for anything.
    ring();
    expect(ring()).toBe(2000);
    expect(renders()).toBe(2);
    expect(ring()).toBe(5000);
    expect(renders()).toBe(3);
    release();
  });

  it('are compressed only for those who accept it', async () => {
    const body = 'gruard_value{series="a"} 1\n'.repeat(1000);
    const { scrape, arrived, release } = await held(body);
    const first = scrape({ 'accept-encoding': 'deflate, gzip;q=0.5' });
    await arrived(1);
    release();
    const compressed = await first;
    expect(compressed.headers['content-encoding']).toBe('gzip');
    const pieces = await compressed.toArray();
    const bytes = Buffer.concat(pieces as Buffer[]);
    expect(bytes.length).toBeLessThan(body.length / 10);
    expect(gunzipSync(bytes).toString()).toBe(body);
    for (const accepted of ['identity', 'gzip;q=0', 'gzip;q=0.000']) {
      const plain = await scrape({ 'accept-encoding': accepted });
      expect([plain.headers['content-encoding'], await text(plain)]).toEqual([undefined, body]);
    }
  });

  it('free their place when the reader goes away', async () => {
    const { scrape, port, arrived, release } = await held('x'.repeat(8 << 20));
    for (const count of [1, 2]) {
      const reader = connect(port, '127.0.0.1');
      reader.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
      await arrived(count);
      release();
      await once(reader, 'data');
      reader.destroy();
      await once(reader, 'close');
    }
    let response = await scrape();
    while (response.statusCode === 503) {
      response.resume();
      response = await scrape();
    }
    expect((await text(response)).length).toBe(8 << 20);
  });

  it('try again after a render that failed', async () => {
    let renders = 0;
    async function* write(): AsyncGenerator<string> {
      renders += 1;
      if (renders === 1) throw new Error('broken');
      yield 'x 1\n';
    }
    const scraping = newScraping(() => rendering(write()), handClock());
    const server = createServer((request, response) => {
      scraping.answer(request, response).catch((problem: Error) => response.writeHead(500).end(problem.message));
    });
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await (await fetch(url)).text()).toBe('broken');
    expect(await (await fetch(url)).text()).toBe('x 1\n');
  });
});
