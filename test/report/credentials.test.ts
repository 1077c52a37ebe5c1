import { beforeAll, describe, expect, it } from 'vitest';
import { newGate } from '../../src/report/credentials.ts';
import { hashPassword } from '../../src/report/passwordHash.ts';

const TOKEN = 'a-token-of-the-test';
let hash = '';
beforeAll(async () => {
  hash = await hashPassword('pass:word');
});

const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;

describe('a gate', { timeout: 60_000 }, () => {
  it('is open where nobody is to be asked', async () => {
    const gate = newGate(undefined);
    expect(await gate.admit(undefined)).toBe('admitted');
    expect(gate.challenges).toEqual([]);
  });

  it('knows its token', async () => {
    const gate = newGate({ bearer: TOKEN, basic: {} });
    expect(gate.challenges).toEqual(['Bearer realm="gruard"']);
    for (const right of [`Bearer ${TOKEN}`, `bearer  ${TOKEN} `]) expect(await gate.admit(right)).toBe('admitted');
    const wrong = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      TOKEN,
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
      `Bearer x ${TOKEN}`,
    ];
    for (const header of [...wrong, basic(`:${TOKEN}`)]) expect(await gate.admit(header), header).toBe('refused');
  });

  it('knows its users', async () => {
    const gate = newGate({ bearer: undefined, basic: { prometheus: hash } });
    expect(gate.challenges).toEqual(['Basic realm="gruard", charset="UTF-8"']);
    expect(await gate.admit(basic('prometheus:pass:word'))).toBe('admitted');
    const wrong = [
      'prometheus:',
      'prometheus:pass',
      'nobody:pass:word',
      '__proto__:x',
      'constructor:',
      'prometheus',
      '',
    ];
    for (const login of wrong) expect(await gate.admit(basic(login)), login).toBe('refused');
    expect(await gate.admit('Basic ?')).toBe('refused');
  });

  it('tries a known password again without its cost, and a wrong one with it', async () => {
    const gate = newGate({ bearer: undefined, basic: { prometheus: hash } });
    const right = basic('prometheus:pass:word');
    const timed = async (header: string): Promise<number> => {
      const from = performance.now();
      await gate.admit(header);
      return performance.now() - from;
    };
    const first = await timed(right);
    const again = Math.min(await timed(right), await timed(right));
    expect(again).toBeLessThan(first / 4);
    expect(await gate.admit(basic('prometheus:wrong'))).toBe('refused');
    expect(await gate.admit(right)).toBe('admitted');
  });

  it('takes as long for a user who does not exist', async () => {
    const gate = newGate({ bearer: undefined, basic: { prometheus: hash } });
    const times: Record<string, number> = {};
    for (const user of ['prometheus', 'nobody', 'prometheus', 'nobody', 'prometheus', 'nobody']) {
      const from = performance.now();
      await gate.admit(basic(`${user}:wrong`));
      times[user] = Math.min(times[user] ?? Number.POSITIVE_INFINITY, performance.now() - from);
    }
    // Without the dummy hash it would be some ten thousandths.
    expect((times['nobody'] ?? 0) / (times['prometheus'] ?? 1)).toBeGreaterThan(0.3);
  });

  it('lets known readers in while strangers try passwords, and bounds those', async () => {
    const gate = newGate({ bearer: TOKEN, basic: { prometheus: hash } });
    const right = basic('prometheus:pass:word');
    await gate.admit(right);
    const flood = Array.from({ length: 50 }, (_, n) => gate.admit(basic(`prometheus:${n}`)));
    expect(await gate.admit(right)).toBe('admitted');
    expect(await gate.admit(`Bearer ${TOKEN}`)).toBe('admitted');
    const answers = await Promise.all(flood);
    expect(answers.filter((answer) => answer === 'busy')).toHaveLength(46);
    expect(answers.filter((answer) => answer === 'refused')).toHaveLength(4);
    expect(await gate.admit(basic('prometheus:later'))).toBe('refused');
  });
});
