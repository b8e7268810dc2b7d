import manifest from '../../../package.json' with { type: 'json' };

/** Of this Parley, as in `package.json`. */
export const VERSION: string = manifest.version;
