import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { dayChartSvg } from '../../src/charts/day-chart-svg.ts';
import { createDrawChart } from '../../src/charts/draw-chart.ts';
import type { DayChart } from '../../src/core/ports/chart.ts';

const chart: DayChart = {
  title: 'Dollars per day and model',
  days: ['2026-11-22', '2026-11-23'],
  series: [
    { name: 'GPT-4o', values: [1, 2] },
    { name: '<script>&"\u0000', values: [0, 1] },
  ],
  format: (value) => `$${value}`,
};

/** Width and height of a PNG, from its header. */
function sizeOf(png: Uint8Array): [number, number] {
  const view = new DataView(png.buffer, png.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
}

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The first picture compiles the library's WASM. */
const PATIENCE = { timeout: 120_000 };

describe('the chart of use', PATIENCE, () => {
  it('is a PNG, as often as it is drawn', async () => {
    const draw = createDrawChart(pino({ level: 'silent' }));
    const [first, again] = [await draw(chart), await createDrawChart(pino({ level: 'silent' }))(chart)];
    expect(first?.slice(0, 8)).toEqual(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    expect(first && sizeOf(first)).toEqual([960, 498]);
    expect(again).toEqual(first);
  });

  it('has words in it: without them it is another picture', async () => {
    const draw = createDrawChart(pino({ level: 'silent' }));
    const wordless = { ...chart, title: '' };
    expect(await draw(wordless)).not.toEqual(await draw(chart));
  });

  it('stacks a bar of each series on a day, as high as its value', () => {
    const bars = dayChartSvg(chart).matchAll(
      /<rect x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/g,
    );
    const [first, second, third] = Array.from(bars, ([, x, y, height]) => [x, y, height].map(Number));
    // The axis ends at 4, and 320 pixels stand for it.
    expect(first?.slice(1)).toEqual([312, 80]);
    expect(second?.slice(1)).toEqual([232, 160]);
    expect(third).toEqual([second?.[0], 152, 80]);
  });

  it('is as high as its legend, and readable on its own ground, which glares on no dark screen', () => {
    const series = Array.from({ length: 6 }, (_, index) => ({ name: `Model ${index}`, values: [1, 1] }));
    const svg = dayChartSvg({ ...chart, series });
    expect(svg).toMatch(/^<svg [^>]*width="960" height="566"/);
    const [ground = '', ...colours] = new Set(
      Array.from(svg.matchAll(/fill="(#\w{6})"/g), ([, colour = '']) => colour),
    );
    expect(luminanceOf(ground)).toBeLessThan(0.05);
    // Words and bars: https://www.w3.org/TR/WCAG22/#contrast-minimum
    for (const colour of colours) {
      expect((luminanceOf(colour) + 0.05) / (luminanceOf(ground) + 0.05), colour).toBeGreaterThan(4.5);
    }
    expect(colours).toHaveLength(8);
  });

  it('takes any name for text', () => {
    const svg = dayChartSvg(chart);
    expect(svg).toContain('&#60;script&#62;&#38;&#34; · $1');
    expect(svg).not.toContain('\u0000');
  });

  it('of nothing has an axis all the same', () => {
    const svg = dayChartSvg({ ...chart, series: [{ name: 'GPT-4o', values: [0, 0] }] });
    expect(svg).not.toContain('NaN');
    expect(dayChartSvg({ ...chart, days: [], series: [] })).not.toMatch(/NaN|Infinity/);
  });

  it('that cannot be drawn is none, and is logged', async () => {
    const logged: string[] = [];
    const log = pino({}, { write: (line: string) => void logged.push(line) });
    const draw = createDrawChart(log);
    const broken = () => {
      throw new Error('no words');
    };
    expect(await draw({ ...chart, format: broken })).toBeNull();
    expect(logged.join('')).toContain('could not draw a chart');
    expect(await draw(chart)).not.toBeNull();
  });
});
