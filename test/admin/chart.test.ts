import { expect, it } from 'vitest';
import { type Chart, chart } from '../../src/admin/chart.ts';

const DAYS = ['2026-01-01', '2026-01-02', '2026-01-03'];

async function draw(of: Partial<Chart>): Promise<string> {
  const series = [{ name: 'a', values: [1, 2, 3] }];
  return String(await chart({ title: 'Requests', days: DAYS, series, kind: 'bars', format: String, ...of }));
}

/** The labels of the scale, from the top. */
function scaleOf(drawn: string): string[] {
  return Array.from(
    /class="scale"[^>]*>(.*?)<\/div>/.exec(drawn)?.[1]?.matchAll(/<span>([^<]*)/g) ?? [],
    ([, label = '']) => label,
  );
}

it.each([
  [0.003, ['0.004', '0.002', '0']],
  [1, ['2', '1', '0']],
  [2, ['2', '1', '0']],
  [3, ['4', '2', '0']],
  [5, ['6', '3', '0']],
  [7, ['8', '4', '0']],
  [9, ['10', '5', '0']],
  [10, ['10', '5', '0']],
  [11, ['20', '10', '0']],
  [399, ['400', '200', '0']],
])('scales a greatest value of %d to a round number above it', async (value, labels) => {
  expect(scaleOf(await draw({ series: [{ name: 'a', values: [0, value, null] }] }))).toEqual(labels);
});

it('stacks the bars of a day, one third below the other, and leaves out what is nothing', async () => {
  const series = [
    { name: 'a', values: [10, 0, 5] },
    { name: 'b', values: [10, null, 0] },
  ];
  const drawn = await draw({ series });
  expect(scaleOf(drawn)[0]).toBe('20');
  const bars = Array.from(
    drawn.matchAll(/<rect class="(s\d)" x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/g),
    ([, colour, ...numbers]) => [colour, ...numbers.map(Number)],
  );
  expect(bars).toEqual([
    ['s0', 1.5, 50, 50],
    ['s1', 1.5, 0, 50],
    ['s0', 21.5, 75, 25],
  ]);
});

it('draws a line through days that follow each other, with a gap for a day without a value', async () => {
  const drawn = await draw({
    kind: 'lines',
    series: [{ name: 'a', values: [4, 2, null, 1] }],
    days: [...DAYS, '2026-01-04'],
  });
  expect(scaleOf(drawn)[0]).toBe('4');
  expect(/<path class="line s0" d="([^"]*)"/.exec(drawn)?.[1]).toBe('M5 0.00h0L15 50.00M35 75.00h0');
});

it('takes the highest line for the scale, however many there are', async () => {
  const series = [
    { name: 'a', values: [3, 3, 3] },
    { name: 'b', values: [3, 4, null] },
  ];
  expect(scaleOf(await draw({ kind: 'lines', series }))[0]).toBe('4');
});

it('has all figures in a table, the newest day first, and in the words of each day', async () => {
  const series = [
    { name: 'a', values: [1, 0, 3] },
    { name: 'b', values: [null, null, 4] },
  ];
  const drawn = await draw({ series });
  const cells = Array.from(
    drawn.matchAll(/<t[hd](?: scope="row"| class="number")>([^<]*)/g),
    ([, text]) => text,
  );
  expect(cells).toEqual(['2026-01-03', '3', '4', '2026-01-02', '0', '–', '2026-01-01', '1', '–']);
  const titles = Array.from(drawn.matchAll(/<title>([^<]*)/g), ([, text]) => text);
  expect(titles).toEqual(['2026-01-01\na: 1', '2026-01-02\nnothing', '2026-01-03\na: 3\nb: 4']);
  expect(drawn).toMatch(/<span>01-01<\/span><span>01-02<\/span><span>01-03<\/span>/);
  // Lines at the top, in the middle and at the bottom, as wide as the days.
  expect(drawn).toContain('viewBox="0 0 30 100"');
  expect(drawn).toContain('d="M0 0.5H30M0 50H30M0 99.5H30"');
  expect(
    Array.from(drawn.matchAll(/<rect class="day" x="(\d+)" y="0" width="10" height="100">/g), ([, x]) => x),
  ).toEqual(['0', '10', '20']);
  expect(drawn).toContain('Requests, 3 days from 2026-01-01 to 2026-01-03;');
});

it('names its series unless the title does, and says so if there is nothing to draw', async () => {
  const named = (name: string) => draw({ series: [{ name, values: [1] }] });
  expect(await named('GPT')).toMatch(/class="legend"><li class="s0"><bdi>GPT</);
  expect(await named('Requests')).not.toContain('legend');
  expect(await draw({ series: [{ name: 'a', values: [0, null] }] })).toContain('No data for these days.');
});
