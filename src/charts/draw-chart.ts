import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import type { DrawChart } from '../core/ports/chart.ts';
import { dayChartSvg } from './day-chart-svg.ts';

const require = createRequire(import.meta.url);

/** Renders SVG as PNG. */
type Renderer = (svg: string) => Uint8Array;

/** The library loads its WASM once per process. */
let loading: Promise<Renderer> | null = null;

/** Draws charts with resvg, which is loaded with the first chart because most processes draw none. */
export function createDrawChart(log: Logger): DrawChart {
  return async (chart) => {
    try {
      loading ??= loadRenderer();
      return (await loading)(dayChartSvg(chart));
    } catch (error) {
      log.error({ err: error }, 'could not draw a chart');
      return null;
    }
  };
}

/** @throws if it cannot be loaded, and tries again with the next chart */
async function loadRenderer(): Promise<Renderer> {
  try {
    const { initWasm, Resvg } = await import('@resvg/resvg-wasm');
    const [wasm, font] = await Promise.all([
      readFile(require.resolve('@resvg/resvg-wasm/index_bg.wasm')),
      readFile(new URL('inter-latin-400.woff2', import.meta.url)),
    ]);
    await initWasm(wasm);
    return (svg) => {
      using freeing = new DisposableStack();
      const options = { font: { fontBuffers: [font], defaultFontFamily: 'Inter' } };
      const renderer = freeing.adopt(new Resvg(svg, options), (it) => it.free());
      return freeing.adopt(renderer.render(), (it) => it.free()).asPng();
    };
  } catch (error) {
    loading = null;
    throw error;
  }
}
