import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import type { DrawChart } from '../core/ports/chart.ts';
import { dayChartSvg } from './day-chart-svg.ts';

const require = createRequire(import.meta.url);

/** Renders SVG as PNG. */
type Renderer = (svg: string) => Uint8Array;

/** Draws charts with resvg, which is loaded with the first chart because most processes draw none. */
export function createDrawChart(log: Logger): DrawChart {
  let loading: Promise<Renderer> | null = null;
  return async (chart) => {
    try {
      loading ??= loadRenderer();
      return (await loading)(dayChartSvg(chart));
    } catch (error) {
      loading = null;
      log.error({ err: error }, 'could not draw a chart');
      return null;
    }
  };
}

async function loadRenderer(): Promise<Renderer> {
  const { initWasm, Resvg } = await import('@resvg/resvg-wasm');
  const [wasm, font] = await Promise.all([
    readFile(require.resolve('@resvg/resvg-wasm/index_bg.wasm')),
    readFile(new URL('inter-latin-400.woff2', import.meta.url)),
  ]);
  wasmReady ??= initWasm(wasm);
  await wasmReady;
  return (svg) => {
    const renderer = new Resvg(svg, { font: { fontBuffers: [font], defaultFontFamily: 'Inter' } });
    try {
      const image = renderer.render();
      try {
        return image.asPng();
      } finally {
        image.free();
      }
    } finally {
      renderer.free();
    }
  };
}

/** The library loads its WASM once per process and throws if it is loaded again. */
let wasmReady: Promise<void> | null = null;
