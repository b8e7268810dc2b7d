import type { Telemetry } from '../../src/core/ports/telemetry.ts';

export const NO_TELEMETRY: Telemetry = {
  answered: () => {},
  providerFailed: () => {},
  obstructed: () => {},
  answering: (_, work) => work(),
};
